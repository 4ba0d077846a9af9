import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir, totalmem, version as kernel } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {import('../types.js').Pins} Pins */

/** Clock ticks of /proc are 1/100 s on every Linux that Node runs on (USER_HZ). */
const MICROSECONDS_PER_TICK = 10_000;

/** The CPUs for server and client, or `undefined` where processes cannot be pinned. */
export function pinning() {
  if (process.platform !== 'linux' || spawnSync('taskset', ['-V']).status !== 0) return undefined;
  const [server, client] = allowedCpus();
  return client === undefined ? undefined : { server, client };
}

/** The numbers of the CPUs this process may use: in a container they need not begin at 0. */
function allowedCpus() {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return (list?.[1] ?? '').split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });
}

/**
 * User and system time that a process has used so far, in microseconds; NaN where there is no /proc.
 *
 * @param {number | string | undefined} pid
 */
export function cpuMicroseconds(pid) {
  const { user, system } = timesOf(pid);
  return user + system;
}

/**
 * The same for a server that forks, like PostgreSQL: its children's time too, those included that have ended. Their
 * time moves from the child to the parent when they end, so the sum never falls.
 *
 * @param {number | string | undefined} pid
 */
export function cpuMicrosecondsWithChildren(pid) {
  const parent = timesOf(pid);
  const living = childrenOf(pid)
    .map((child) => cpuMicroseconds(child))
    .filter(Number.isFinite);
  return living.reduce((sum, time) => sum + time, parent.user + parent.system + parent.ofEnded);
}

/** @param {number | string | undefined} pid */
function timesOf(pid) {
  const fields = statOf(pid);
  if (!fields) return { user: Number.NaN, system: Number.NaN, ofEnded: Number.NaN };
  // proc(5): utime and stime are fields 14 and 15, those of children that were waited for 16 and 17.
  const [user, system, ...ofEnded] = fields
    .slice(11, 15)
    .map((ticks) => Number(ticks) * MICROSECONDS_PER_TICK);
  return { user, system, ofEnded: ofEnded[0] + ofEnded[1] };
}

/** @param {number | string | undefined} pid */
function childrenOf(pid) {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.filter((each) => statOf(each)?.[1] === String(pid));
}

/**
 * The fields from the third on. The second, the name, may itself hold blanks.
 *
 * @param {number | string | undefined} pid
 */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** The share of all CPUs that is in use while this process only waits: above a few percent, measure later. */
export async function busyShare(milliseconds = 500) {
  const before = cpuTimes();
  await sleep(milliseconds);
  const after = cpuTimes();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

function cpuTimes() {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, time) => sum + time.idle, 0);
  const all = times.flatMap((time) => Object.values(time)).reduce((sum, time) => sum + time, 0);
  return { idle, all };
}

const TMPFS_MAGIC = 0x01021994;

/**
 * What the disk under a folder can do.
 *
 * @param {string} dir
 */
export function diskFacts(dir) {
  return {
    inMemoryDisk: statfsSync(dir).type === TMPFS_MAGIC,
    fdatasyncPerSecond: fdatasyncRate(dir),
  };
}

/**
 * How often per second this disk can append 4 KiB and have it safe: no commit can be faster.
 *
 * @param {string} dir
 * @param {number} [milliseconds]
 */
function fdatasyncRate(dir, milliseconds = 400) {
  const file = openSync(join(dir, 'fdatasync-probe'), 'w');
  const page = Buffer.alloc(4096, 1);
  const start = performance.now();
  let writes = 0;
  while (performance.now() - start < milliseconds) {
    writeSync(file, page);
    fdatasyncSync(file);
    writes += 1;
  }
  closeSync(file);
  return Math.round((writes * 1000) / (performance.now() - start));
}

const bench = createRequire(import.meta.url);
const root = createRequire(new URL('../../package.json', import.meta.url));

/**
 * What a reader must know about the machine before believing a number.
 * @param {{ pins?: Pins | undefined, peers: string[], own: string[] }} run the packages whose
 *   versions matter: the peers', which are in bench, and the product's own
 */
export async function machineFacts({ pins, peers, own }) {
  return {
    at: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: kernel(),
    node: process.version,
    openssl: process.versions.openssl,
    pinned: pins ? `servers to CPU ${pins.server}, client to CPU ${pins.client}` : 'no',
    packages: {
      ...Object.fromEntries(peers.map((name) => [name, versionOf(name, bench)])),
      ...Object.fromEntries(own.map((name) => [`${name} (gatehouse)`, versionOf(name, root)])),
    },
    busyBefore: await busyShare(),
  };
}

/** The version of a package that bench has. @param {string} name */
export const peerVersion = (name) => versionOf(name, bench);

/** Read from the file, because packages may keep their package.json out of `exports`. @param {string} name @param {NodeJS.Require} from */
function versionOf(name, from) {
  for (const folder of from.resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')).version;
    } catch {
      // Not in this node_modules: the next one up may have it.
    }
  }
  return 'not installed';
}

/** A folder for logs and databases that goes when this process ends. All that is in it is on the disk of `parent`. */
export function workFolder(parent = tmpdir()) {
  const dir = mkdtempSync(join(parent, 'gatehouse-bench-'));
  // PostgreSQL may run as another user, who has to reach its folder in here.
  chmodSync(dir, 0o755);
  // On exit and not in a `finally`: Ctrl-C should leave nothing behind either.
  process.on('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}

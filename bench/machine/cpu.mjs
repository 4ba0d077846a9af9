import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

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

/** User and system time that a process has used so far, in microseconds; NaN where there is no /proc. */
export function cpuMicroseconds(pid) {
  const { user, system } = timesOf(pid);
  return user + system;
}

/**
 * The same for a server that forks, like PostgreSQL: its children's time too, those included that have ended. Their
 * time moves from the child to the parent when they end, so the sum never falls.
 */
export function cpuMicrosecondsWithChildren(pid) {
  const parent = timesOf(pid);
  const living = childrenOf(pid).map(cpuMicroseconds).filter(Number.isFinite);
  return living.reduce((sum, time) => sum + time, parent.user + parent.system + parent.ofEnded);
}

function timesOf(pid) {
  const fields = statOf(pid);
  if (!fields) return { user: Number.NaN, system: Number.NaN, ofEnded: Number.NaN };
  // proc(5): utime and stime are fields 14 and 15, those of children that were waited for 16 and 17.
  const [user, system, ...ofEnded] = fields
    .slice(11, 15)
    .map((ticks) => Number(ticks) * MICROSECONDS_PER_TICK);
  return { user, system, ofEnded: ofEnded[0] + ofEnded[1] };
}

function childrenOf(pid) {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.filter((each) => statOf(each)?.[1] === String(pid));
}

/** The fields from the third on. The second, the name, may itself hold blanks. */
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

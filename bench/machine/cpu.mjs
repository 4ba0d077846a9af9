import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): utime and stime are fields 14 and 15. Field 2, the name, may itself hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
  } catch {
    return Number.NaN;
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

import { table } from './table.mjs';

/** Above this share of the CPUs, others disturb the measurement. */
const QUIET = 0.1;

/** @param {object} facts of the machine @param {string} method how often and how long, in words */
export function printFacts(facts, method) {
  const { packages, inMemoryDisk, fdatasyncPerSecond, busyBefore, ...others } = facts;
  for (const [name, value] of Object.entries({ ...others, ...packages })) line(name, value);
  if (fdatasyncPerSecond) {
    line('disk', `${fdatasyncPerSecond.toLocaleString('en')} fdatasync/s of 4 KiB`);
  }
  line('method', method);
  line('in use before the run', `${Math.round(busyBefore * 100)} % of all CPUs`);
  if (busyBefore > QUIET) console.log('NOT QUIET: something else is at work on this machine.');
  if (inMemoryDisk) {
    console.log('NOT DURABLE: this folder is in memory. Give --dir=<a folder on a disk>.');
  }
  console.log();
}

/** One table for each title. */
export function printTables(rows, { titleOf, columns }) {
  for (const title of new Set(rows.map(titleOf))) {
    const group = rows.filter((row) => titleOf(row) === title);
    console.log(`\n### ${title}\n\n${table(columns, group)}`);
  }
}

/**
 * What was refused, and how many aims were met.
 * @param {{ name: string, failures?: number, firstFailure?: string, aims: Array<{ met: boolean }> }[]} rows
 */
export function printVerdict(rows, { busyBefore }) {
  const failed = rows.filter(({ failures }) => failures > 0);
  for (const { name, firstFailure } of failed) console.error(`\n${name}: ${firstFailure}`);
  if (failed.length) console.error('\nVOID: not every answer was 2xx.');
  const aims = rows.flatMap((row) => row.aims);
  const met = aims.filter((aim) => aim.met).length;
  const doubt = busyBefore > QUIET ? ' The machine was not quiet: measure again.' : '';
  if (aims.length) console.log(`\nAims met: ${met} of ${aims.length}.${doubt}`);
}

function line(name, value) {
  console.log(`${name.padEnd(30)} ${value}`);
}

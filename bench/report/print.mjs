import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Row} Row */

/** Above this share of the CPUs, others disturb the measurement. */
const QUIET = 0.1;

/** @param {Record<string, any>} facts of the machine @param {string} method how often and how long, in words */
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

/**
 * One table for each title.
 *
 * @param {Row[]} rows
 * @param {{ titleOf: (row: any) => string, columns: Column[] }} options
 */
export function printTables(rows, { titleOf, columns }) {
  for (const title of new Set(rows.map(titleOf))) {
    const group = rows.filter((row) => titleOf(row) === title);
    console.log(`\n### ${title}\n\n${table(columns, group)}`);
  }
}

/**
 * What was refused, and how many aims were met.
 * @param {Row[]} rows
 * @param {{ busyBefore: number }} facts
 */
export function printVerdict(rows, { busyBefore }) {
  const failed = rows.filter(({ failures = 0 }) => failures > 0);
  for (const { name, firstFailure } of failed) console.error(`\n${name}: ${firstFailure}`);
  if (failed.length) console.error('\nVOID: not every answer was 2xx.');
  const aims = rows.flatMap((row) => row.aims);
  const met = aims.filter((aim) => aim.met).length;
  const doubt = busyBefore > QUIET ? ' The machine was not quiet: measure again.' : '';
  if (aims.length) console.log(`\nAims met: ${met} of ${aims.length}.${doubt}`);
}

/** @param {string} name @param {unknown} value */
function line(name, value) {
  console.log(`${name.padEnd(30)} ${value}`);
}

/**
 * A table in Markdown, so that it can go into a document as it is. The first column is to the left.
 *
 * @param {Column[]} columns
 * @param {Row[]} rows
 */
export function table(columns, rows) {
  const cells = [
    columns.map(([title]) => title),
    ...rows.map((row) => columns.map(([, value]) => value(row))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index].length)));
  const lines = cells.map(
    (row) => `| ${row.map((cell, i) => align(cell, widths[i], i)).join(' | ')} |`,
  );
  const rule = `|${widths.map((width, i) => (i ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

/**
 * @param {string} text
 * @param {number} width
 * @param {number} column
 */
function align(text, width, column) {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}

/**
 * A ratio over the rounds: its median, least and greatest.
 *
 * @param {any} ratio
 */
export function spread(ratio) {
  if (!ratio) return '';
  return `${significant(ratio.median)} (${significant(ratio.least)}–${significant(ratio.greatest)})`;
}

/**
 * The same with its quartiles: where there are many rounds, the extremes are those of the machine.
 *
 * @param {any} ratio
 */
export function middleHalf(ratio) {
  if (!ratio) return '';
  return `${significant(ratio.median)} (${significant(ratio.lower)}–${significant(ratio.upper)})`;
}

/**
 * A number to three digits; there is none where it could not be measured.
 *
 * @param {number} value
 */
export function significant(value) {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

const FOLDER = fileURLToPath(new URL('../results/', import.meta.url));

/**
 * Keeps a run as JSON in bench/results/, which git ignores: numbers belong to the machine that made them.
 *
 * @param {any} suite
 * @param {any} run
 */
export function saveResults(suite, run) {
  mkdirSync(FOLDER, { recursive: true });
  const file = `${FOLDER}${suite}-${run.facts.at.replaceAll(':', '')}.json`;
  writeFileSync(file, `${JSON.stringify(run, undefined, 2)}\n`);
  console.log(`Written to bench/results/${file.slice(FOLDER.length)}`);
}

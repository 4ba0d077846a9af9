const COLUMNS = [
  ['server', ({ software, store }) => `${software}, ${store}`],
  ['answers/s', ({ perSecond }) => Math.round(perSecond).toLocaleString('en')],
  ['p50 ms', ({ p50 }) => significant(p50)],
  ['p99 ms', ({ p99 }) => significant(p99)],
  ['CPU µs', ({ cpuPerAnswer }) => significant(cpuPerAnswer)],
  ['÷ oidc-provider', ({ toPeer }) => spread(toPeer)],
  ['÷ limit', ({ toLimit }) => spread(toLimit)],
  ['aim', ({ aim, met }) => (aim ? `≥ ${aim} ${met ? 'met' : 'MISSED'}` : '')],
  ['non-2xx', ({ failures }) => String(failures)],
  ['client', ({ clientBusy }) => `${Math.round(clientBusy * 100)} %`],
];

/** Above this share of the CPUs, others disturb the measurement. */
const QUIET = 0.1;

export function printFacts(facts, { rounds, seconds, warmUp }) {
  const { packages, inMemoryDisk, fdatasyncPerSecond, busyBefore, ...others } = facts;
  for (const [name, value] of Object.entries({ ...others, ...packages })) line(name, value);
  line('disk', `${fdatasyncPerSecond.toLocaleString('en')} fdatasync/s of 4 KiB`);
  line('method', `${rounds} rounds × ${seconds} s each, after ${warmUp} s of warm-up`);
  line('in use before the run', `${Math.round(busyBefore * 100)} % of all CPUs`);
  if (busyBefore > QUIET) console.log('NOT QUIET: something else is at work on this machine.');
  if (inMemoryDisk) {
    console.log('NOT DURABLE: this folder is in memory. Give --dir=<a folder on a disk>.');
  }
  console.log();
}

/** A table in Markdown per workload, so that it can go into a document as it is. */
export function printResults(rows, facts) {
  for (const [workload, group] of groups(rows)) {
    console.log(`\n### ${workload}\n`);
    console.log(table(group));
  }
  printVerdict(rows, facts);
}

function groups(rows) {
  const found = new Map();
  for (const row of rows) found.set(row.workload, [...(found.get(row.workload) ?? []), row]);
  return found;
}

function table(rows) {
  const cells = [
    COLUMNS.map(([title]) => title),
    ...rows.map((row) => COLUMNS.map(([, value]) => value(row))),
  ];
  const widths = COLUMNS.map((_, index) => Math.max(...cells.map((row) => row[index].length)));
  const lines = cells.map(
    (row) => `| ${row.map((cell, i) => align(cell, widths[i], i)).join(' | ')} |`,
  );
  const rule = `|${widths.map((width, i) => (i ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

function align(text, width, column) {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}

function printVerdict(rows, { busyBefore }) {
  const failed = rows.filter(({ failures }) => failures > 0);
  for (const { workload, software, store, firstFailure } of failed) {
    console.error(`\n${software}, ${store}, ${workload}: ${firstFailure}`);
  }
  if (failed.length) console.error('\nVOID: not every answer was 2xx.');
  const aimed = rows.filter(({ aim }) => aim);
  const met = aimed.filter(({ met: yes }) => yes).length;
  const doubt = busyBefore > QUIET ? ' The machine was not quiet: measure again.' : '';
  if (aimed.length) console.log(`\nAims met: ${met} of ${aimed.length}.${doubt}`);
}

function spread(ratio) {
  if (!ratio) return '';
  return `${significant(ratio.median)} (${significant(ratio.least)}–${significant(ratio.greatest)})`;
}

function significant(value) {
  if (Number.isNaN(value)) return '–';
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

function line(name, value) {
  console.log(`${name.padEnd(30)} ${value}`);
}

import { failuresOf, median, ratios } from '../../report/statistics.mjs';
import { significant, spread } from '../../report/table.mjs';

const MEDIANS = ['perSecond', 'p99', 'cpuPerAnswer'];
const OF_POSTGRES = ['databaseCpuPerAnswer', 'logBytesPerAnswer'];

/** One row per database and number of families; ratios are to the fewest on the same database, round by round. */
export const columns = [
  ['families, 16 connections', ({ count, kind }) => `${count.toLocaleString('en')}, ${kind}`],
  ['answers/s', ({ perSecond }) => Math.round(perSecond).toLocaleString('en')],
  ['÷ fewest', ({ speed }) => spread(speed)],
  ['p99 ms', ({ p99 }) => significant(p99)],
  ['CPU µs', ({ cpuPerAnswer }) => significant(cpuPerAnswer)],
  ['÷ fewest', ({ cost }) => spread(cost)],
  ['PostgreSQL CPU µs', ({ databaseCpuPerAnswer }) => significant(databaseCpuPerAnswer)],
  ['its log, bytes', ({ logBytesPerAnswer }) => significant(logBytesPerAnswer)],
  ['no index touched', ({ inPlace }) => percent(inPlace)],
  ['bytes a family', ({ bytesBefore }) => significant(bytesBefore)],
  ['after the run', ({ bytesAfter }) => significant(bytesAfter)],
  ['failed', ({ failures }) => String(failures)],
];

export function rowsOf(cells) {
  return cells.map((cell) => {
    const { kind, count, samples, warmUp, bytesBefore, bytesAfter, inPlace } = cell;
    const fewest = cells.find((other) => other.kind === kind);
    const ratiosTo = (field) =>
      cell === fewest ? undefined : ratios(samples, fewest.samples, field);
    const ofPostgres = (field) => (kind === 'postgres' ? median(samples, field) : Number.NaN);
    return {
      name: `${count} families, ${kind}`,
      kind,
      count,
      ...Object.fromEntries(MEDIANS.map((field) => [field, median(samples, field)])),
      ...Object.fromEntries(OF_POSTGRES.map((field) => [field, ofPostgres(field)])),
      speed: ratiosTo('perSecond'),
      cost: ratiosTo('cpuPerAnswer'),
      inPlace,
      bytesBefore,
      bytesAfter,
      ...failuresOf([warmUp, ...samples]),
      aims: [],
    };
  });
}

function percent(share) {
  return Number.isNaN(share) ? '–' : `${Math.round(share * 100)} %`;
}

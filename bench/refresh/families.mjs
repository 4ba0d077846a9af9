import { filledServer } from '../auth/filled-server.mjs';
import { printTables, significant, spread } from '../report/print.mjs';
import { failuresOf, median, ratios, find } from '../report/statistics.mjs';
import { takeTurns } from '../suite/stage.mjs';

/** @typedef {import('../types.js').Cell} Cell */
/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Stage} Stage */
/** @typedef {import('../types.js').Store} Store */

const TABLE = 'refresh_token_family';
const ROTATION = { request: 'rotation', connections: 16 };

/**
 * What a refresh costs beside few and beside very many families. Each size is a database and a server of its own.
 *
 * @param {Stage} stage
 */
export async function measureFamilies(stage) {
  const cells = [];
  for (const kind of ['sqlite', 'postgres']) {
    for (const count of stage.plan.families) cells.push(await cellOf({ kind, count }, stage));
  }
  const { generator, plan, postgres } = stage;
  const measured = await takeTurns(cells, { generator, plan, meters: postgres.meters });
  for (const cell of measured) {
    cell.bytesAfter = (await cell.store.bytesOf(TABLE)) / cell.count;
    cell.inPlace = await inPlaceSince(cell.updates, cell.store);
  }
  const rows = rowsOf(measured);
  printTables(rows, { titleOf: () => 'Rotation beside few and many families', columns });
  return rows;
}

/** @param {any} size @param {Stage} stage */
async function cellOf(size, stage) {
  const { server, store } = await filledServer(size, stage);
  const bytesBefore = (await store.bytesOf(TABLE)) / size.count;
  const updates = await store.updatesOf(TABLE);
  return { workload: ROTATION, server, store, bytesBefore, updates, ...size };
}

/**
 * The share of updates that touched no index.
 *
 * @param {any} before
 * @param {Store} store
 */
async function inPlaceSince(before, store) {
  const after = await store.updatesOf(TABLE);
  return (after.inPlace - before.inPlace) / (after.all - before.all);
}

const MEDIANS = ['perSecond', 'p99', 'cpuPerAnswer'];
const OF_POSTGRES = ['databaseCpuPerAnswer', 'logBytesPerAnswer'];

/**
 * One row per database and number of families; ratios are to the fewest on the same database, round by round.
 *
 * @type {Column[]}
 */
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

/** @param {Cell[]} cells */
export function rowsOf(cells) {
  return cells.map((cell) => {
    const { kind, count, samples, warmUp, bytesBefore, bytesAfter, inPlace } = cell;
    const fewest = find(cells, (other) => other.kind === kind);
    /** @param {string} field */
    const ratiosTo = (field) =>
      cell === fewest ? undefined : ratios(samples, fewest.samples, field);
    /** @param {string} field */
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

/** @param {number} share */
function percent(share) {
  return Number.isNaN(share) ? '–' : `${Math.round(share * 100)} %`;
}

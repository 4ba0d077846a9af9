import { middleHalf, significant } from '../report/print.mjs';
import { atLeast, atMost, median, ratios, words, find } from '../report/statistics.mjs';
import { AIMS, ON_EVENT_LOOP } from './plan.mjs';
import { OURS, RAW, STOCK } from './verify/contenders.mjs';

/** @typedef {import('../types.js').Cell} Cell */
/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Row} Row */
/** @typedef {import('../types.js').Sample} Sample */

/**
 * One row per algorithm, scenario and contender: medians over the rounds, and ratios formed round by round.
 *
 * @param {(Record<string, any> & { samples: Sample[] })[]} cells
 */
export function verifyRows(cells) {
  return cells.map((cell) => {
    const { algorithm, scenario, contender, samples } = cell;
    /** @param {string} name */
    const samplesOf = (name) =>
      find(cells, (other) => isSameVerifyWork(other, cell) && other.contender === name).samples;
    const row = {
      name: contender,
      algorithm,
      scenario,
      microseconds: median(samples, 'microseconds'),
      timesRaw: contender === RAW ? undefined : ratios(samplesOf(RAW), samples),
      timesStock: contender === STOCK ? undefined : ratios(samples, samplesOf(STOCK)),
    };
    return { ...row, aims: contender === OURS ? verifyAimsOf(row) : [] };
  });
}

/** @param {any} one @param {any} other */
function isSameVerifyWork(one, other) {
  return one.algorithm === other.algorithm && one.scenario === other.scenario;
}

/**
 * @param {Omit<Row, 'aims'> & Record<string, any>} row
 */
function verifyAimsOf({ algorithm, scenario, microseconds, timesRaw, timesStock }) {
  const aim = /** @type {Record<string, any>} */ (AIMS.verify)[scenario] ?? {};
  return [
    ...(aim.microseconds ? [atMost(aim.microseconds, microseconds, ' µs')] : []),
    ...(aim.timesRaw ? [atMost(aim.timesRaw[algorithm], timesRaw.median, ' × raw')] : []),
    ...(aim.timesStock ? [atLeast(aim.timesStock, timesStock.median, ' × stock')] : []),
  ];
}

/**
 * One row per number of issuers and keys, beside the first of them.
 *
 * @param {(Record<string, any> & { samples: Sample[] })[]} cells
 */
export function growthRows(cells) {
  const [first] = cells.map(besideRaw);
  return cells.map((cell) => {
    /** @param {string} name */
    const of = (name) => cell.samples.map((sample) => sample[name]);
    const uncachedGrowth = ratios(first, besideRaw(cell));
    const cachedGrowth = ratios(
      cells[0].samples.map(({ cached }) => cached),
      of('cached'),
    );
    return {
      name: `${cell.size.issuers} × ${cell.size.keys}`,
      raw: median(of('raw'), 'microseconds'),
      uncached: median(of('uncached'), 'microseconds'),
      cached: median(of('cached'), 'microseconds'),
      uncachedGrowth,
      cachedGrowth,
      aims: cell === cells[0] ? [] : [atMost(AIMS.growth, uncachedGrowth.median, ' × the first')],
    };
  });
}

/**
 * How fast we are as a part of the limit, whose own speed depends on the number of keys.
 *
 * @param {{ samples: Sample[] }} options
 */
function besideRaw({ samples }) {
  return samples.map(({ raw, uncached }) => ({ perSecond: uncached.perSecond / raw.perSecond }));
}

const MEDIANS = ['perSecond', 'p50', 'p99', 'cpuPerAnswer', 'clientBusy', 'openP50', 'openP99'];

/**
 * One row per algorithm, scenario, platform and guard: medians over the rounds, and ratios formed round by round.
 *
 * @param {(Record<string, any> & { samples: Sample[] })[]} cells
 */
export function routeRows(cells) {
  return cells.map((cell) => {
    const { algorithm, scenario, platform, guard, samples } = cell;
    const peers = cells.filter((other) => isSameRouteWork(other, cell) && other.guard !== guard);
    /** @param {string} name */
    const times = (name) => {
      const peer = peers.find((other) => other.guard === name);
      return peer && ratios(samples, peer.samples);
    };
    const row = {
      name: `${guard}, ${platform}`,
      algorithm,
      scenario,
      platform,
      ...Object.fromEntries(MEDIANS.map((field) => [field, median(samples, field)])),
      ofUnguarded: times('none'),
      timesStock: times('stock'),
      timesEventLoop: times(ON_EVENT_LOOP),
      failures: samples.reduce((sum, { failures }) => sum + failures, 0),
      firstFailure: samples.find(({ firstFailure }) => firstFailure)?.firstFailure,
    };
    return { ...row, aims: guard === 'gatehouse' ? routeAimsOf(row) : [] };
  });
}

/** @param {any} one @param {any} other */
function isSameRouteWork(one, other) {
  return ['algorithm', 'scenario', 'platform'].every((field) => one[field] === other[field]);
}

/** @param {Omit<Row, 'aims'> & Record<string, any>} row */
function routeAimsOf({ scenario, platform, ofUnguarded }) {
  const bound = /** @type {Record<string, any>} */ (AIMS.route)[scenario]?.ofUnguarded[platform];
  return bound === undefined ? [] : [atLeast(bound, ofUnguarded.median)];
}

/** @type {Column} */
const aim = ['aim', ({ aims }) => words(aims)];

/**
 * One row per contender.
 *
 * @type {Column[]}
 */
export const verifyColumns = [
  ['verifies', ({ name }) => name],
  ['CPU µs', ({ microseconds }) => significant(microseconds)],
  ['time ÷ raw', ({ timesRaw }) => middleHalf(timesRaw)],
  ['speed ÷ stock', ({ timesStock }) => middleHalf(timesStock)],
  aim,
];

/**
 * One row per number of issuers and of keys of each.
 *
 * @type {Column[]}
 */
export const growthColumns = [
  ['issuers × keys', ({ name }) => name],
  ['raw µs', ({ raw }) => significant(raw)],
  ['cache off µs', ({ uncached }) => significant(uncached)],
  ['÷ raw, beside the first', ({ uncachedGrowth }) => middleHalf(uncachedGrowth)],
  ['remembered µs', ({ cached }) => significant(cached)],
  ['beside the first', ({ cachedGrowth }) => middleHalf(cachedGrowth)],
  aim,
];

/**
 * One row per guard and platform.
 *
 * @type {Column[]}
 */
export const routeColumns = [
  ['guard', ({ name }) => name],
  ['answers/s', ({ perSecond }) => Math.round(perSecond).toLocaleString('en')],
  ['p50 ms', ({ p50 }) => significant(p50)],
  ['p99 ms', ({ p99 }) => significant(p99)],
  ['CPU µs', ({ cpuPerAnswer }) => significant(cpuPerAnswer)],
  ['÷ unguarded', ({ ofUnguarded }) => middleHalf(ofUnguarded)],
  ['÷ stock', ({ timesStock }) => middleHalf(timesStock)],
  aim,
  ['non-2xx', ({ failures }) => String(failures)],
  ['client', ({ clientBusy }) => `${Math.round(clientBusy * 100)} %`],
];

/**
 * One row per place of the signature check. The open route needs no token, and one connection asks it meanwhile.
 *
 * @type {Column[]}
 */
export const threadsColumns = [
  ...routeColumns.slice(0, 6),
  ['÷ event loop', ({ timesEventLoop }) => middleHalf(timesEventLoop)],
  ['open route p50 ms', ({ openP50 }) => significant(openP50)],
  ['open route p99 ms', ({ openP99 }) => significant(openP99)],
  ...routeColumns.slice(-2),
];

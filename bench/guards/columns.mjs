import { words } from '../report/aims.mjs';
import { middleHalf, significant } from '../report/table.mjs';

const aim = ['aim', ({ aims }) => words(aims)];

/** One row per contender. */
export const verifyColumns = [
  ['verifies', ({ name }) => name],
  ['CPU µs', ({ microseconds }) => significant(microseconds)],
  ['time ÷ raw', ({ timesRaw }) => middleHalf(timesRaw)],
  ['speed ÷ stock', ({ timesStock }) => middleHalf(timesStock)],
  aim,
];

/** One row per number of issuers and of keys of each. */
export const growthColumns = [
  ['issuers × keys', ({ name }) => name],
  ['raw µs', ({ raw }) => significant(raw)],
  ['cache off µs', ({ uncached }) => significant(uncached)],
  ['÷ raw, beside the first', ({ uncachedGrowth }) => middleHalf(uncachedGrowth)],
  ['remembered µs', ({ cached }) => significant(cached)],
  ['beside the first', ({ cachedGrowth }) => middleHalf(cachedGrowth)],
  aim,
];

/** One row per guard and platform. */
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

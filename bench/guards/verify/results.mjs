import { atLeast, atMost } from '../../report/aims.mjs';
import { median, ratios } from '../../report/statistics.mjs';
import { AIMS } from '../plan.mjs';
import { OURS, RAW, STOCK } from './contenders.mjs';

/** One row per algorithm, scenario and contender: medians over the rounds, and ratios formed round by round. */
export function verifyRows(cells) {
  return cells.map((cell) => {
    const { algorithm, scenario, contender, samples } = cell;
    const samplesOf = (name) =>
      cells.find((other) => isSameWork(other, cell) && other.contender === name).samples;
    const row = {
      name: contender,
      algorithm,
      scenario,
      microseconds: median(samples, 'microseconds'),
      timesRaw: contender === RAW ? undefined : ratios(samplesOf(RAW), samples),
      timesStock: contender === STOCK ? undefined : ratios(samples, samplesOf(STOCK)),
    };
    return { ...row, aims: contender === OURS ? aimsOf(row) : [] };
  });
}

function isSameWork(one, other) {
  return one.algorithm === other.algorithm && one.scenario === other.scenario;
}

function aimsOf({ algorithm, scenario, microseconds, timesRaw, timesStock }) {
  const aim = AIMS.verify[scenario] ?? {};
  return [
    ...(aim.microseconds ? [atMost(aim.microseconds, microseconds, ' µs')] : []),
    ...(aim.timesRaw ? [atMost(aim.timesRaw[algorithm], timesRaw.median, ' × raw')] : []),
    ...(aim.timesStock ? [atLeast(aim.timesStock, timesStock.median, ' × stock')] : []),
  ];
}

/** One row per number of issuers and keys, beside the first of them. */
export function growthRows(cells) {
  const [first] = cells.map(besideRaw);
  return cells.map((cell) => {
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

/** How fast we are as a part of the limit, whose own speed depends on the number of keys. */
function besideRaw({ samples }) {
  return samples.map(({ raw, uncached }) => ({ perSecond: uncached.perSecond / raw.perSecond }));
}

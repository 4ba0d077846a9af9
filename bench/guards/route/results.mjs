import { atLeast } from '../../report/aims.mjs';
import { median, ratios } from '../../report/statistics.mjs';
import { AIMS } from '../plan.mjs';

const MEDIANS = ['perSecond', 'p50', 'p99', 'cpuPerAnswer', 'clientBusy'];

/** One row per algorithm, scenario, platform and guard: medians over the rounds, and ratios formed round by round. */
export function routeRows(cells) {
  return cells.map((cell) => {
    const { algorithm, scenario, platform, guard, samples } = cell;
    const samplesOf = (name) =>
      cells.find((other) => isSameWork(other, cell) && other.guard === name).samples;
    const row = {
      name: `${guard}, ${platform}`,
      algorithm,
      scenario,
      platform,
      ...Object.fromEntries(MEDIANS.map((field) => [field, median(samples, field)])),
      ofUnguarded: guard === 'none' ? undefined : ratios(samples, samplesOf('none')),
      timesStock: guard === 'stock' ? undefined : ratios(samples, samplesOf('stock')),
      failures: samples.reduce((sum, { failures }) => sum + failures, 0),
      firstFailure: samples.find(({ firstFailure }) => firstFailure)?.firstFailure,
    };
    return { ...row, aims: guard === 'gatehouse' ? aimsOf(row) : [] };
  });
}

function isSameWork(one, other) {
  return ['algorithm', 'scenario', 'platform'].every((field) => one[field] === other[field]);
}

function aimsOf({ scenario, platform, ofUnguarded }) {
  const bound = AIMS.route[scenario]?.ofUnguarded[platform];
  return bound === undefined ? [] : [atLeast(bound, ofUnguarded.median)];
}

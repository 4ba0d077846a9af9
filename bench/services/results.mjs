import { failuresOf, median, ratios } from '../report/statistics.mjs';

const MEDIANS = ['perSecond', 'p50', 'p99', 'cpuPerAnswer', 'clientBusy'];

/** One row per workload and server: medians over the rounds, and ratios formed round by round. */
export function results(cells) {
  return cells.map((cell) => {
    const { workload, server, samples, warmUp } = cell;
    const samplesOf = (platform, guarded) =>
      cells.find((other) => other.workload === workload && isOf(other, { platform, guarded }))
        .samples;
    const isExpress = server.platform === 'express';
    return {
      name: server.name,
      workload: workload.name,
      store: server.store,
      ...Object.fromEntries(MEDIANS.map((field) => [field, median(samples, field)])),
      guardShare: server.guarded
        ? shareOf(samples, samplesOf(server.platform, false), 'cpuPerAnswer')
        : undefined,
      toExpress: isExpress ? undefined : ratios(samples, samplesOf('express', server.guarded)),
      ...failuresOf([warmUp, ...samples]),
      aims: [],
    };
  });
}

const isOf = ({ server }, { platform, guarded }) =>
  server.platform === platform && server.guarded === guarded;

/** What a server would save without its guard, as a share of all. Rest and share turn round: least is greatest. */
function shareOf(samples, unguarded, field) {
  const rest = ratios(unguarded, samples, field);
  return { median: 1 - rest.median, least: 1 - rest.greatest, greatest: 1 - rest.least };
}

import { significant, spread } from '../report/print.mjs';
import { atLeast, failuresOf, median, ratios, words } from '../report/statistics.mjs';

/** @typedef {import('../types.js').Cell} Cell */
/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Server} Server */
/** @typedef {import('../types.js').Workload} Workload */

/**
 * One row per workload and server: medians over the rounds, and ratios formed round by round.
 *
 * @param {Cell[]} cells
 */
export function results(cells) {
  return cells.map((cell) => rowOf(cell, cells));
}

/** @param {Cell} cell @param {Cell[]} cells */
function rowOf(cell, cells) {
  const { workload, server, samples, warmUp } = cell;
  const peer = counterpart(cells, cell, 'oidc-provider');
  const limit = counterpart(cells, cell, 'limit');
  const toPeer =
    server.software === 'oidc-provider' ? undefined : peer && ratios(samples, peer.samples);
  return {
    name: `${server.software}, ${server.store}, ${workload.name}`,
    workload: workload.name,
    software: server.software,
    store: server.store,
    perSecond: median(samples, 'perSecond'),
    p50: median(samples, 'p50'),
    p99: median(samples, 'p99'),
    cpuPerAnswer: median(samples, 'cpuPerAnswer'),
    clientBusy: median(samples, 'clientBusy'),
    toPeer,
    toLimit: server.software === 'limit' ? undefined : limit && ratios(samples, limit.samples),
    aims: server.software === 'gatehouse' ? aimsOf(cell, toPeer) : [],
    ...failuresOf([warmUp, ...samples]),
  };
}

/** @param {Cell} cell @param {ReturnType<typeof ratios> | undefined} toPeer */
function aimsOf({ workload, server }, toPeer) {
  const aim = workload.aims?.[server.store];
  return aim && toPeer ? [atLeast(aim, toPeer.median)] : [];
}

/**
 * The same workload by other software: on the same store if it was measured there.
 *
 * @param {Cell[]} cells
 * @param {{ workload: Workload, server: Server }} options
 * @param {string} software
 */
function counterpart(cells, { workload, server }, software) {
  const candidates = cells.filter(
    (other) => other.workload === workload && other.server.software === software,
  );
  return candidates.find((other) => other.server.store === server.store) ?? candidates[0];
}

/**
 * One row per server and workload.
 *
 * @type {Column[]}
 */
export const columns = [
  ['server', ({ software, store }) => `${software}, ${store}`],
  ['answers/s', ({ perSecond }) => Math.round(perSecond).toLocaleString('en')],
  ['p50 ms', ({ p50 }) => significant(p50)],
  ['p99 ms', ({ p99 }) => significant(p99)],
  ['CPU µs', ({ cpuPerAnswer }) => significant(cpuPerAnswer)],
  ['÷ oidc-provider', ({ toPeer }) => spread(toPeer)],
  ['÷ limit', ({ toLimit }) => spread(toLimit)],
  ['aim', ({ aims }) => words(aims)],
  ['non-2xx', ({ failures }) => String(failures)],
  ['client', ({ clientBusy }) => `${Math.round(clientBusy * 100)} %`],
];

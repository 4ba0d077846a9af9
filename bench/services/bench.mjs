import { basename } from 'node:path';
import { Issuer } from '../guards/issuer.mjs';
import { methodOf } from '../suite/plan.mjs';
import { printTables, significant, spread } from '../report/print.mjs';
import { failuresOf, find, median, ratios } from '../report/statistics.mjs';
import { onStage, takeTurns } from '../suite/stage.mjs';
import { measureEmpty } from './empty.mjs';
import { planFrom, WORKLOADS } from './plan.mjs';
import { startServers } from './servers.mjs';

/** @typedef {import('../types.js').Cell} Cell */
/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Options} Options */
/** @typedef {import('../types.js').Sample} Sample */
/** @typedef {import('../types.js').Server} Server */
/** @typedef {import('../types.js').Stage} Stage */

const PACKAGES = {
  peers: [],
  own: ['@nestjs/core', 'express', 'fastify', 'typeorm', 'better-sqlite3', 'pg'],
};

const PARTS = { empty: measureEmpty, sqlite: measureOrders, postgresql: measureOrders };

/**
 * The cost of a service around an empty handler, and of a guarded service in real life: orders on two platforms and two
 * databases. Resolves with the exit code.
 *
 * @param {Options} options
 */
export function benchServices(options) {
  const plan = planFrom(options);
  const suite = { name: 'services', packages: PACKAGES, parts: PARTS, method: methodOf(plan) };
  return onStage(suite, plan, options);
}

/**
 * Reads and writes of orders on one kind of database, which is the name of the part.
 *
 * @param {Stage} stage
 */
export async function measureOrders(stage) {
  const { generator, plan, undo } = stage;
  const issuer = await Issuer.start({ algorithm: 'ES256' });
  undo.push(() => issuer.close());
  const servers = await startServers(issuer, { ...stage, store: basename(stage.dir) });
  const cells = WORKLOADS.flatMap((workload) => servers.map((server) => ({ workload, server })));
  const rows = results(await takeTurns(cells, { generator, plan }));
  printTables(rows, { titleOf: ({ workload, store }) => `${workload}, ${store}`, columns });
  return rows;
}

const MEDIANS = ['perSecond', 'p50', 'p99', 'cpuPerAnswer', 'clientBusy'];

/**
 * One row per workload and server: medians over the rounds, and ratios formed round by round.
 *
 * @param {Cell[]} cells
 */
export function results(cells) {
  return cells.map((cell) => {
    const { workload, server, samples, warmUp } = cell;
    /** @param {string} platform @param {boolean} guarded */
    const samplesOf = (platform, guarded) =>
      find(cells, (other) => other.workload === workload && isOf(other, { platform, guarded }))
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

/** @param {{ server: Server }} options @param {{ platform: string, guarded: boolean }} more */
const isOf = ({ server }, { platform, guarded }) =>
  server.platform === platform && server.guarded === guarded;

/**
 * What a server would save without its guard, as a share of all. Rest and share turn round: least is greatest.
 *
 * @param {Sample[]} samples
 * @param {any} unguarded
 * @param {string} field
 */
function shareOf(samples, unguarded, field) {
  const rest = ratios(unguarded, samples, field);
  return { median: 1 - rest.median, least: 1 - rest.greatest, greatest: 1 - rest.least };
}

/**
 * One row per platform, with and without the guard.
 *
 * @type {Column[]}
 */
export const columns = [
  ['orders on', ({ name }) => name],
  ['answers/s', ({ perSecond }) => Math.round(perSecond).toLocaleString('en')],
  ['p50 ms', ({ p50 }) => significant(p50)],
  ['p99 ms', ({ p99 }) => significant(p99)],
  ['CPU µs', ({ cpuPerAnswer }) => significant(cpuPerAnswer)],
  ['the guard has of it', ({ guardShare }) => percentages(guardShare)],
  ['answers/s ÷ express', ({ toExpress }) => spread(toExpress)],
  ['non-2xx', ({ failures }) => String(failures)],
  ['client', ({ clientBusy }) => `${Math.round(clientBusy * 100)} %`],
];

/** @param {import('../report/statistics.mjs').Distribution | Record<'median' | 'least' | 'greatest', number> | undefined} share */
function percentages(share) {
  if (!share) return '';
  const [middle, least, most] = [share.median, share.least, share.greatest].map((each) =>
    Math.round(each * 100),
  );
  return `${middle} % (${least} to ${most})`;
}

import { register, startGatehouse } from '../auth/gatehouse.mjs';
import { messageFrom, stop } from '../machine/processes.mjs';
import { printTables, significant, spread } from '../report/print.mjs';
import { failuresOf, median, ratios } from '../report/statistics.mjs';
import { sample, startGenerator } from '../suite/stage.mjs';

/** @typedef {import('../machine/processes.mjs').Child} Child */
/** @typedef {import('../types.js').Column} Column */
/** @typedef {import('../types.js').Sample} Sample */
/** @typedef {import('../types.js').Server} Server */
/** @typedef {import('../types.js').Stage} Stage */
/** @typedef {import('../types.js').Store} Store */

/** As many as hash and wait at once without a refusal (password-hash-threads.ts has 1 or 2, and 64). */
const FLOOD = { request: 'login', chains: [], connections: 60 };
const WORKLOAD = { name: 'refresh, 4 connections', request: 'rotation', connections: 4 };

/** Not who refreshes: one session more than an account may have ends the oldest. */
const FLOODER = { email: 'flood@example.com', password: 'a long enough password for a flood' };

/** All logins are of one account and one address, so login delays are off. The refreshing account has 64 sessions. */
const SETTINGS = { SEED_DEMO: 'true', LOGIN_DELAYS: 'false', SESSIONS_PER_ACCOUNT: '100' };

/** @type {Column[]} */
const columns = [
  ['refreshes', ({ name }) => name],
  ['answers/s', ({ perSecond }) => Math.round(perSecond).toLocaleString('en')],
  ['p50 ms', ({ p50 }) => significant(p50)],
  ['p99 ms', ({ p99 }) => significant(p99)],
  ['p99 ÷ alone', ({ toAlone }) => spread(toAlone)],
  ['logins/s beside', ({ logins }) => significant(logins)],
  ['failed', ({ failures }) => String(failures)],
];

/**
 * Refreshes with and without logins beside them that hash as much as is let in.
 *
 * @param {Stage} stage
 */
export async function measureFlood(stage) {
  const rows = [];
  for (const store of ['sqlite', 'postgres']) rows.push(...(await onStore(store, stage)));
  printTables(rows, { titleOf: () => 'A flood of logins beside refreshes', columns });
  return rows;
}

/** @param {string} store @param {Stage} stage */
async function onStore(store, stage) {
  const { dir, pins, postgres, undo, plan } = stage;
  console.log(`starting gatehouse on ${store} …`);
  const name = `flood-${store}`;
  const databaseUrl = store === 'postgres' ? await postgres.url(name) : undefined;
  const place = { name, databaseUrl, dir, cpu: pins?.server };
  const server = await startGatehouse(place, SETTINGS);
  undo.push(() => stop(server.child));
  await register(server.port, FLOODER);
  const other = await startGenerator({ dir, pins, undo });

  const alone = [];
  const beside = [];
  await refreshes(server, stage, plan.warmUp);
  for (let round = 1; round <= plan.rounds; round += 1) {
    console.log(`round ${round} of ${plan.rounds} …`);
    alone.push(await refreshes(server, stage, plan.seconds));
    beside.push(await flooded(server, other, stage));
  }
  return [
    rowOf(`alone, ${store}`, alone),
    { ...rowOf(`beside the flood, ${store}`, beside), toAlone: ratios(beside, alone, 'p99') },
  ];
}

/**
 * @param {Server} server
 * @param {{ generator: Child }} options
 * @param {number} seconds
 */
const refreshes = (server, { generator }, seconds) =>
  sample({ workload: WORKLOAD, server }, { generator, meters: {}, seconds });

/**
 * The flood begins before and ends after.
 *
 * @param {Server} server
 * @param {any} other
 * @param {Stage} stage
 */
async function flooded(server, other, stage) {
  const { child: _, chains: __, ...target } = server;
  const seconds = stage.plan.seconds + 1;
  const flood = messageFrom(other);
  other.send({ ...FLOOD, target: { ...target, credentials: FLOODER }, seconds });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const seen = await refreshes(server, stage, stage.plan.seconds);
  const { perSecond: logins, failures, firstFailure } = await flood;
  return { ...seen, logins, failures: seen.failures + failures, firstFailure };
}

/** @param {string} name @param {Sample[]} samples */
function rowOf(name, samples) {
  const [perSecond, p50, p99, logins] = ['perSecond', 'p50', 'p99', 'logins'].map((field) =>
    median(samples, field),
  );
  return { name, perSecond, p50, p99, logins, ...failuresOf(samples), aims: [] };
}

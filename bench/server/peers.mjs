import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PostgresStore } from '../auth/stores.mjs';
import { signInOnce } from '../load/sign-in.mjs';
import { messageFrom, start, stop } from '../machine/processes.mjs';
import { printTables } from '../report/print.mjs';
import { columns, results } from '../suite/comparison.mjs';
import { takeTurns } from '../suite/stage.mjs';
import { startGatehouse } from './gatehouse.mjs';
import { EMAILS, PASSWORD, WORKLOADS } from './plan.mjs';

/** @typedef {import('../machine/processes.mjs').Child} Child */
/** @typedef {import('../types.js').Pins} Pins */
/** @typedef {import('../types.js').Stage} Stage */
/** @typedef {import('../types.js').Undo} Undo */

/** Columns without the limit, because there is no bare authorization server. */
const own = columns.filter(([title]) => title !== '÷ limit');

/**
 * Both servers on both databases do every workload.
 *
 * @param {Stage} stage
 */
export async function measurePeers(stage) {
  const { generator, plan } = stage;
  const servers = await startBoth(stage);
  const cells = WORKLOADS.flatMap((workload) => servers.map((server) => ({ workload, server })));
  const rows = results(await takeTurns(cells, { generator, plan }));
  printTables(rows, { titleOf: ({ workload }) => workload, columns: own });
  return rows;
}

const PEER = fileURLToPath(new URL('./oidc-provider.mjs', import.meta.url));

/** In this order they take their turns: what is compared is measured next to each other. */
const LINE_UP = ['sqlite', 'postgres'].flatMap((store) => [
  { software: 'gatehouse', store },
  { software: 'oidc-provider', store },
]);

/**
 * Each on a database of its own, with sessions to take codes from and a token to ask about.
 *
 * @param {Stage} stage
 */
export async function startBoth({ dir, pins, postgres, undo }) {
  const servers = [];
  for (const { software, store } of LINE_UP) {
    console.log(`starting ${software} on ${store} …`);
    const name = `${software}-${store}`;
    const databaseUrl = store === 'postgres' ? await postgres.url(name) : undefined;
    const place = { name, databaseUrl, dir, cpu: pins?.server };
    const started = software === 'gatehouse' ? await startGatehouse(place) : await startPeer(place);
    undo.push(() => stop(started.child));
    const server = {
      software,
      store,
      name,
      chains: [],
      emails: EMAILS,
      password: PASSWORD,
      ...started,
    };
    servers.push({ ...server, ...(await prepared(server)) });
    if (databaseUrl) await settle(databaseUrl);
  }
  return servers;
}

/**
 * Both servers on PostgreSQL have statistics of their tables, as autovacuum collects them in the first minutes.
 *
 * @param {string} databaseUrl
 */
async function settle(databaseUrl) {
  const store = await PostgresStore.open(databaseUrl);
  await store.settle();
  await store.close();
}

/** @param {any} server */
async function prepared({ opaqueResource, child, ...target }) {
  const sessions = [];
  for (const email of EMAILS) sessions.push(await signInOnce(target, email));
  const { tokens } = await signInOnce({ ...target, resource: opaqueResource }, EMAILS[0]);
  return { sessions, opaqueToken: tokens.access_token };
}

/**
 * @param {{ name: string, databaseUrl: string | undefined, dir: string, cpu: number | undefined }} options
 */
async function startPeer({ name, databaseUrl, dir, cpu }) {
  const child = start({
    script: PEER,
    args: databaseUrl ? ['postgres', databaseUrl] : ['sqlite', join(dir, `${name}.db`)],
    env: { NODE_ENV: 'production' },
    cpu,
    log: join(dir, `${name}.log`),
  });
  return { child, ...(await messageFrom(child)) };
}

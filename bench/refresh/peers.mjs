import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGatehouse } from '../auth/gatehouse.mjs';
import { messageFrom, start, stop } from '../machine/processes.mjs';
import { printTables } from '../report/print.mjs';
import { columns, results } from '../suite/comparison.mjs';
import { takeTurns } from '../suite/stage.mjs';
import { LOGINS } from '../auth/gatehouse.mjs';
import { workloads } from './plan.mjs';
import { probe } from './probe.mjs';

/** @typedef {import('../types.js').Stage} Stage */

/**
 * Every kind of server on both databases, one process each, does every workload.
 *
 * @param {Stage} stage
 * @param {import('../types.js').Options} options
 */
export async function measurePeers(stage, { servers: only }) {
  /** @type {import('../types.js').Server[]} */
  const servers = [];
  for (const each of chosenServers(only)) {
    const server = await startServer(each, stage);
    await probe(server);
    servers.push(server);
  }
  const cells = workloads.flatMap((workload) =>
    servers
      .filter((server) => worthMeasuring(workload, server))
      .map((server) => ({ workload, server })),
  );
  const { generator, plan } = stage;
  const rows = results(await takeTurns(cells, { generator, plan }));
  printTables(rows, { titleOf: ({ workload }) => workload, columns });
  return rows;
}

/**
 * For workloads that do not use the store, one limit is enough.
 *
 * @param {{ durable?: boolean }} workload
 * @param {import('../types.js').Server} server
 */
function worthMeasuring({ durable }, { software, store }) {
  return durable || software !== 'limit' || store === 'sqlite';
}

/** In this order they take their turns: what is compared is measured next to each other. */
const lineUp = [
  { software: 'gatehouse', store: 'sqlite' },
  { software: 'oidc-provider', store: 'sqlite' },
  { software: 'limit', store: 'sqlite' },
  { software: 'gatehouse', store: 'postgres' },
  { software: 'oidc-provider', store: 'postgres' },
  { software: 'limit', store: 'postgres' },
];

/** @type {Record<string, string>} */
const SCRIPTS = {
  'oidc-provider': fileURLToPath(new URL('./oidc-provider/server.mjs', import.meta.url)),
  limit: fileURLToPath(new URL('./limit/server.mjs', import.meta.url)),
};

/**
 * The servers whose software is named in `only` (comma-separated), or all.
 *
 * @param {string | undefined} only
 */
export function chosenServers(only) {
  const words = only?.split(',');
  const chosen = lineUp.filter(({ software }) => !words || words.includes(software));
  if (chosen.length === 0) throw new Error(`--servers knows gatehouse, oidc-provider and limit`);
  return chosen;
}

/**
 * Starts one server on a database of its own; it stops when the stage is undone.
 * @param {{ software: string, store: string }} server
 * @param {Stage} stage
 */
export async function startServer({ software, store }, { dir, pins, postgres, undo }) {
  process.stdout.write(`starting ${software} on ${store} …\n`);
  const name = `${software}-${store}`;
  const databaseUrl = store === 'postgres' ? await postgres.url(name) : undefined;
  const place = { name, databaseUrl, dir, cpu: pins?.server };
  const started =
    software === 'gatehouse' ? await startGatehouse(place) : await startOurs(software, place);
  undo.push(() => stop(started.child));
  return { software, store, name, ...started };
}

/**
 * @param {string} software
 * @param {{ name: string, databaseUrl: string | undefined, dir: string, cpu: number | undefined }} options
 */
async function startOurs(software, { name, databaseUrl, dir, cpu }) {
  const child = start({
    script: SCRIPTS[software],
    args: databaseUrl
      ? ['postgres', databaseUrl, String(LOGINS)]
      : ['sqlite', join(dir, `${name}.db`), String(LOGINS)],
    env: { NODE_ENV: 'production' },
    cpu,
    log: join(dir, `${name}.log`),
  });
  return { child, ...(await messageFrom(child)) };
}

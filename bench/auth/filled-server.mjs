import { importBuilt } from '../../tools/workspace.mjs';
import { basename, join } from 'node:path';
import { stop } from '../machine/processes.mjs';
import { bootGatehouse, newServerSecret } from './gatehouse.mjs';
import { accounts, families } from './rows.mjs';
import { PostgresStore, SqliteStore } from './stores.mjs';

/** @typedef {import('../types.js').Pins} Pins */
/** @typedef {import('../types.js').Stage} Stage */
/** @typedef {import('../types.js').Undo} Undo */

/** So many families are refreshed in turn, out of all: as a rule each refresh is of a row that was long untouched. */
const REFRESHED = 16_384;

/**
 * A tenth of the rows, some on every page. PostgreSQL writes a new version of a row, and while the pages are as full as
 * they were filled it goes to another page and into every index; a table in use has room.
 */
const SOME_REFRESHES = `
  UPDATE refresh_token_family SET generation = generation + 1, rotated_at = rotated_at + 1
  WHERE generation % 10 = 0`;

/**
 * Gatehouse on its own database, with generated refresh token families.
 *
 * @param {{ kind: string, count: number }} options
 * @param {Stage} stage
 * @returns a server with refresh tokens of some of them, the place where another one can join it, and the store
 */
export async function filledServer({ kind, count }, stage) {
  console.log(`filling ${kind} with ${count.toLocaleString('en')} families …`);
  const { server, place, store } = await emptyServer(kind, { ...stage, name: `${kind}-${count}` });
  await store.insert('account', accounts(count));
  await store.insert('refresh_token_family', families(count));
  await store.execute(SOME_REFRESHES);
  await store.settle();
  const some = await store.query(
    `SELECT id AS "familyId", generation FROM refresh_token_family
     WHERE ended_at IS NULL ORDER BY random() LIMIT ${REFRESHED}`,
  );
  return { server: { ...server, chains: await tokensOf(place.serverSecret, some) }, place, store };
}

/**
 * The same without the families. It stops when the stage is undone.
 *
 * @param {string} kind
 * @param {Stage & { name: string, settings?: Record<string, string> }} stage
 */
export async function emptyServer(kind, { dir, pins, postgres, undo, name, settings }) {
  // All parts of a run share one PostgreSQL.
  const database = `${basename(dir)}-${name}`;
  const databaseUrl = kind === 'postgres' ? await postgres.url(database) : undefined;
  const cpu = pins?.server;
  const place = { name, databaseUrl, dir, cpu, serverSecret: newServerSecret(), settings };
  const server = await bootGatehouse(place);
  undo.push(() => stop(server.child));
  const store = databaseUrl
    ? await PostgresStore.open(databaseUrl)
    : new SqliteStore(join(server.dataDir, 'auth.sqlite'));
  undo.push(() => store.close());
  return { server, place, store };
}

/**
 * The current refresh tokens of generated families, written by the product's own code with the server's secret.
 * @param {string} serverSecret
 * @param {Array<{ familyId: string, generation: number }>} families
 */
export async function tokensOf(serverSecret, families) {
  const { ServerSecrets } = await importBuilt('apps/auth/dist', 'ServerSecrets');
  const { RefreshTokenFormat } = await importBuilt('apps/auth/dist', 'RefreshTokenFormat');
  const format = new RefreshTokenFormat(new ServerSecrets([serverSecret]));
  return families.map((family) => format.write(family));
}

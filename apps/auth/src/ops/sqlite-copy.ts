import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { DataSource } from 'typeorm';
import { Refusal } from './refusal.js';

/** How long the copy waits for a lock of the server, in milliseconds. */
const PATIENCE = 5_000;

/**
 * Copies a database while others write to it: what is in the copy was true at one moment. The copy is for its owner's eyes
 * only, has been read back before it gets its name, and never takes the place of another file.
 *
 * @returns its size in bytes
 * @throws {Refusal}
 */
export async function copySqlite(from: string, to: string): Promise<number> {
  const draft = `${to}.${randomBytes(6).toString('hex')}.part`;
  await reserve(to);
  try {
    await reserve(draft);
    await onDatabase(from, (database) => database.query('VACUUM INTO ?', [draft]));
    await onDatabase(draft, check);
    await flush(draft);
    await rename(draft, to);
  } catch (error) {
    await rm(draft, { force: true });
    await rm(to, { force: true });
    throw error;
  }
  return (await stat(to)).size;
}

/** An empty file that was not there before: SQLite writes into it, and keeps its mode. */
async function reserve(file: string): Promise<void> {
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const exists = 'code' in error && error.code === 'EEXIST';
    throw new Refusal(
      exists ? `${file} is there already, and is left as it is` : `no backup: ${error.message}`,
    );
  }
}

async function onDatabase(file: string, work: (database: DataSource) => Promise<unknown>) {
  const options = { type: 'better-sqlite3', readonly: true, timeout: PATIENCE } as const;
  const database = await new DataSource({ ...options, database: file }).initialize();
  try {
    await work(database);
  } finally {
    await database.destroy();
  }
}

async function check(database: DataSource): Promise<void> {
  const rows: unknown = await database.query('PRAGMA integrity_check');
  const verdict = JSON.stringify(rows);
  if (verdict !== '[{"integrity_check":"ok"}]') {
    throw new Refusal(`no backup: the copy is not whole, and so may the database be: ${verdict}`);
  }
}

/** SQLite does not wait for the disk when it writes a copy. */
async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.sync();
  await handle.close();
}

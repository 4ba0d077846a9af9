import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UnitOfWork } from '@gatehouse/persistence';
import { Command } from 'nest-commander';
import { DataSource } from 'typeorm';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { OperationRefused } from './errors.js';
import {
  type ChangeOptions,
  ChangingCommand,
  OperationRunner,
  type Server,
} from './operation-runner.js';

/** How long the copy waits for a lock that the server holds, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Copies a database while the server writes to it. The copy is consistent, only its owner can read it, its integrity is checked
 * before it gets its name, and it never replaces a file.
 *
 * @returns its size in bytes
 * @throws {OperationRefused}
 */
export async function copySqlite(from: string, to: string): Promise<number> {
  const draft = `${to}.${randomBytes(6).toString('hex')}.part`;
  await createEmptyFile(to);
  try {
    await createEmptyFile(draft);
    await withDatabase(from, (database) => database.query('VACUUM INTO ?', [draft]));
    await withDatabase(draft, checkIntegrity);
    await syncToDisk(draft);
    await rename(draft, to);
  } catch (error) {
    await rm(draft, { force: true });
    await rm(to, { force: true });
    throw error;
  }
  return (await stat(to)).size;
}

/** Creates an empty file, because SQLite keeps the mode of a file that exists. It fails if the file exists. */
async function createEmptyFile(file: string): Promise<void> {
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const exists = 'code' in error && error.code === 'EEXIST';
    throw new OperationRefused(
      exists ? `${file} exists already, and was not changed` : `no backup: ${error.message}`,
    );
  }
}

async function withDatabase(file: string, work: (database: DataSource) => Promise<unknown>) {
  const options = { type: 'better-sqlite3', readonly: true, timeout: BUSY_TIMEOUT_MS } as const;
  const database = await new DataSource({ ...options, database: file }).initialize();
  try {
    await work(database);
  } finally {
    await database.destroy();
  }
}

async function checkIntegrity(database: DataSource): Promise<void> {
  const rows: unknown = await database.query('PRAGMA integrity_check');
  const result = JSON.stringify(rows);
  if (result !== '[{"integrity_check":"ok"}]') {
    throw new OperationRefused(
      `no backup: the copy is damaged, and the database may be damaged too: ${result}`,
    );
  }
}

/** SQLite does not sync a copy to disk. */
async function syncToDisk(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.sync();
  await handle.close();
}

@Command({
  name: 'backup',
  arguments: '<file>',
  description: 'copy the SQLite database while the server runs (docs/backups.md)',
})
export class BackupCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  /** A dry run makes the copy, checks it, and deletes it. */
  async run([name = '']: string[], { json, dryRun = false }: ChangeOptions): Promise<void> {
    const file = resolve(name);
    const bytes = await this.runner.withServer((server) => backUp(server, { file, dryRun }));
    const text = `${file} is a copy of the database: ${bytes} bytes, integrity checked.`;
    this.runner.print({ value: { file, bytes }, text }, { json, dryRun });
  }
}

async function backUp(server: Server, { file, dryRun }: { file: string; dryRun: boolean }) {
  if (server.get(UnitOfWork).isPostgres) {
    throw new OperationRefused(
      'the database is PostgreSQL: back it up with pg_dump, see docs/backups.md',
    );
  }
  // Before the copy, so that a restored copy contains the event; see after-restore.
  if (!dryRun)
    await server.get(SecurityEventService).record({ type: 'database.backed_up', by: 'operator' });
  const bytes = await copySqlite(String(server.get(DataSource).options.database), file);
  if (dryRun) await rm(file);
  return bytes;
}

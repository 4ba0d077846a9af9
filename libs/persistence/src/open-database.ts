import type { DataSource } from 'typeorm';
import {
  createReaderDataSource,
  createWriterDataSource,
  type DatabaseSettings,
  isPostgres,
} from './data-source.js';
import { PostgresWriter } from './postgres-writer.js';
import { SqliteWriter } from './sqlite-writer.js';
import { UnitOfWork } from './unit-of-work.js';

/** Applies pending migrations. When replicas start together, an advisory lock lets one apply them while the others wait. */
export async function migrate(dataSource: DataSource, settings: DatabaseSettings): Promise<void> {
  if (!isPostgres(settings)) {
    await dataSource.runMigrations({ transaction: 'all' });
    return;
  }
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock(hashtext($1))', [`migrate ${settings.name}`]);
    await lock.query(`CREATE SCHEMA IF NOT EXISTS "${settings.name}"`);
    await dataSource.runMigrations({ transaction: 'all' });
  } finally {
    await lock.query('SELECT pg_advisory_unlock_all()');
    await lock.release();
  }
}

export interface Database {
  readonly reader: DataSource;
  readonly unitOfWork: UnitOfWork;
  close(): Promise<void>;
}

/** Opens the database of the settings, and migrates it when `migrate` is set. */
export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  const writer = await createWriterDataSource(settings).initialize();
  try {
    if (settings.migrate) await migrate(writer, settings);
    const reader = createReaderDataSource(settings, writer);
    if (!reader.isInitialized) await reader.initialize();
    const unitOfWork = new UnitOfWork(
      reader,
      isPostgres(settings) ? new PostgresWriter(writer) : new SqliteWriter(writer),
    );
    return { reader, unitOfWork, close: () => closeAll([reader, writer]) };
  } catch (error) {
    await writer.destroy();
    throw error;
  }
}

async function closeAll(sources: readonly DataSource[]): Promise<void> {
  for (const source of sources) if (source.isInitialized) await source.destroy();
}

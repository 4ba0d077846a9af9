import type { DataSource } from 'typeorm';
import { readerOf, writerOf } from './data-source.js';
import { type DatabaseSettings, isPostgres } from './database-settings.js';
import { migrate } from './migrate.js';
import { PostgresWriter } from './postgres-writer.js';
import { SqliteWriter } from './sqlite-writer.js';
import { UnitOfWork } from './unit-of-work.js';

export interface Database {
  readonly reader: DataSource;
  readonly unitOfWork: UnitOfWork;
  close(): Promise<void>;
}

/** Opens the database that the settings name, and brings it up to date where they say so. */
export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  const writer = await writerOf(settings).initialize();
  try {
    if (settings.migrate) await migrate(writer, settings);
    const reader = readerOf(settings, writer);
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

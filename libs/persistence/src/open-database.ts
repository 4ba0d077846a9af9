import type { DataSource } from 'typeorm';
import {
  createPostgresDataSource,
  createReaderDataSource,
  createSqliteWriterDataSource,
  type DatabaseSettings,
  isPostgres,
} from './data-source.js';
import { describeDatabaseFault } from './database-fault.js';
import { migrate } from './migrate.js';
import { PostgresWriter } from './postgres-writer.js';
import { detectConnectionKind } from './schema-client.js';
import { SqliteWriter } from './sqlite-writer.js';
import { UnitOfWork } from './unit-of-work.js';

export interface Database {
  readonly reader: DataSource;
  readonly unitOfWork: UnitOfWork;
  close(): Promise<void>;
}

/**
 * Opens the database of the settings, and migrates it when `migrate` is set.
 *
 * @throws {DatabaseConfigurationError} a sentence for the operator, when the cause is known
 */
export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  if (settings.migrate) await migrate(settings);
  let writer: DataSource | undefined;
  try {
    writer = await createWriterDataSource(settings);
    await writer.initialize();
    const reader = createReaderDataSource(settings, writer);
    if (!reader.isInitialized) await reader.initialize();
    const unitOfWork = new UnitOfWork(
      reader,
      isPostgres(settings) ? new PostgresWriter(writer) : new SqliteWriter(writer),
    );
    const sources = [reader, writer];
    return { reader, unitOfWork, close: () => closeAll(sources) };
  } catch (error) {
    if (writer?.isInitialized) await writer.destroy();
    throw describeDatabaseFault(error, settings);
  }
}

async function createWriterDataSource(settings: DatabaseSettings): Promise<DataSource> {
  const { databaseUrl } = settings;
  if (databaseUrl === undefined) return createSqliteWriterDataSource(settings);
  return createPostgresDataSource(settings, await detectConnectionKind(databaseUrl));
}

async function closeAll(sources: readonly DataSource[]): Promise<void> {
  for (const source of sources) if (source.isInitialized) await source.destroy();
}

import { join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import pg from 'pg';
import {
  DataSource,
  type DataSourceOptions,
  type EntitySchema,
  type MigrationInterface,
} from 'typeorm';
import { withAvailabilityErrors } from './database-unavailable.exception.js';

type Constructor<T> = new () => T;

export interface DatabaseSettings {
  /** Name of the SQLite file or of the PostgreSQL schema. Apps on one PostgreSQL database therefore have separate tables. */
  readonly name: string;
  /** `postgres://…` selects PostgreSQL. Without it the database is the file `<dataDir>/<name>.sqlite`. */
  readonly databaseUrl?: string | undefined;
  /** Folder of the SQLite file; created when missing. */
  readonly dataDir: string;
  readonly entities: readonly (Constructor<object> | EntitySchema)[];
  /** In the order in which they run, for both databases. */
  readonly migrations: readonly Constructor<MigrationInterface>[];
  /** Whether opening applies pending migrations. Production applies them in a separate step. */
  readonly migrate: boolean;
}

export const isPostgres = (settings: DatabaseSettings): boolean =>
  settings.databaseUrl !== undefined;

/** How long SQLite blocks on another process's lock before the writer tries the statement again later. */
const BUSY_TIMEOUT_MS = 50;
const POOL_SIZE = 16;

const commonOptions = (settings: DatabaseSettings) => ({
  entities: [...settings.entities],
  migrations: [...settings.migrations],
  synchronize: false,
  logging: false,
});

export function createWriterDataSource(settings: DatabaseSettings): DataSource {
  if (!isPostgres(settings)) return new DataSource(createSqliteOptions(settings, makeDurable));
  return withAvailabilityErrors(new DataSource(createPostgresOptions(settings)));
}

/**
 * The data source for reads. TypeORM has one SQLite connection per DataSource, and a read on the writer's connection would see
 * uncommitted rows of other transactions. SQLite therefore gets a second, read-only connection.
 */
export function createReaderDataSource(settings: DatabaseSettings, writer: DataSource): DataSource {
  return isPostgres(settings)
    ? writer
    : new DataSource(createSqliteOptions(settings, makeReadOnly));
}

function makeDurable(database: BetterSqlite3.Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
}

function makeReadOnly(database: BetterSqlite3.Database): void {
  database.pragma('query_only = ON');
}

function createSqliteOptions(
  settings: DatabaseSettings,
  prepareDatabase: (database: BetterSqlite3.Database) => void,
): DataSourceOptions {
  return {
    ...commonOptions(settings),
    type: 'better-sqlite3',
    database: join(settings.dataDir, `${settings.name}.sqlite`),
    timeout: BUSY_TIMEOUT_MS,
    prepareDatabase,
  };
}

function createPostgresOptions(settings: DatabaseSettings): DataSourceOptions {
  return {
    ...commonOptions(settings),
    type: 'postgres',
    url: settings.databaseUrl ?? '',
    extra: {
      max: POOL_SIZE,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 10_000,
      options: `-c search_path=${settings.name}`,
      types: { getTypeParser: selectTypeParser },
    },
  };
}

/** int8 as a number: instants and amounts stay far below 2^53. */
function selectTypeParser(...[oid, format]: Parameters<typeof pg.types.getTypeParser>) {
  return oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format);
}

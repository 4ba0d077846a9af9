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
  /** Names the SQLite file, or the PostgreSQL schema: apps that share a database do not share tables. */
  readonly name: string;
  /** `postgres://…` selects PostgreSQL. Without it the data live in `<dataDir>/<name>.sqlite`. */
  readonly databaseUrl?: string | undefined;
  /** Folder of the SQLite file; made when missing. */
  readonly dataDir: string;
  readonly entities: readonly (Constructor<object> | EntitySchema)[];
  /** In the order in which they run. The same ones serve both databases. */
  readonly migrations: readonly Constructor<MigrationInterface>[];
  /** Whether opening applies pending migrations. Production runs them as a step of their own. */
  readonly migrate: boolean;
}

export const isPostgres = (settings: DatabaseSettings): boolean =>
  settings.databaseUrl !== undefined;

/** How long SQLite may block on another process's lock before the statement is tried again later. */
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
 * Where reads go. TypeORM has one SQLite connection per DataSource, and a read on the writer's would see a
 * neighbour's uncommitted rows; so SQLite gets a second one, which refuses to write.
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

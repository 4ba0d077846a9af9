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
import {
  CONNECT_TIMEOUT_MS,
  type ConnectionKind,
  createSchemaClient,
  STATEMENT_TIMEOUT_MS,
} from './schema-client.js';

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

export function createSqliteWriterDataSource(settings: DatabaseSettings): DataSource {
  return withAvailabilityErrors(new DataSource(createSqliteOptions(settings, makeDurable)));
}

/** The client ends a statement later than PostgreSQL would, for statements that a pooler lets run without a limit. */
const CLIENT_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 2_000;

export function createPostgresDataSource(
  settings: DatabaseSettings,
  kind: ConnectionKind,
): DataSource {
  const limits =
    kind === 'direct'
      ? { statement_timeout: STATEMENT_TIMEOUT_MS }
      : { query_timeout: CLIENT_TIMEOUT_MS };
  const options = createPostgresOptions(settings, { max: POOL_SIZE, kind, ...limits });
  return withAvailabilityErrors(new DataSource(options));
}

/** For migrations: no time limit, one connection for the work and one that reports what the work waits for. */
export const createMigrationDataSource = (settings: DatabaseSettings): DataSource =>
  new DataSource(createPostgresOptions(settings, { max: 2, kind: 'direct' }));

/**
 * The data source for reads. TypeORM has one SQLite connection per DataSource, and a read on the writer's connection would see
 * uncommitted rows of other transactions. SQLite therefore gets a second, read-only connection.
 */
export function createReaderDataSource(settings: DatabaseSettings, writer: DataSource): DataSource {
  if (isPostgres(settings)) return writer;
  // A write on this connection is a fault of the program.
  const reader = new DataSource(createSqliteOptions(settings, makeReadOnly));
  return withAvailabilityErrors(reader, 'SQLITE_READONLY');
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

interface PoolOptions extends pg.PoolConfig {
  readonly kind: ConnectionKind;
}

/** A parameter in the URL, such as `options` or `statement_timeout`, replaces ours. */
function createPostgresOptions(
  settings: DatabaseSettings,
  { kind, ...pool }: PoolOptions,
): DataSourceOptions {
  return {
    ...commonOptions(settings),
    type: 'postgres',
    url: settings.databaseUrl ?? '',
    schema: settings.name,
    extra: {
      ...pool,
      Client: createSchemaClient(settings.name, kind),
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      fallback_application_name: `gatehouse ${settings.name}`,
      types: { getTypeParser: selectTypeParser },
    },
  };
}

/** int8 as a number: instants and amounts stay far below 2^53. */
function selectTypeParser(...[oid, format]: Parameters<typeof pg.types.getTypeParser>) {
  return oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format);
}

import { join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { type DatabaseSettings, isPostgres } from './database-settings.js';
import { tellingAvailability } from './database-unavailable.js';

/** How long SQLite may block on another process's lock before the statement is tried again later. */
const BUSY_MILLISECONDS = 50;
const POOL_SIZE = 16;

const modelOf = (settings: DatabaseSettings) => ({
  entities: [...settings.entities],
  migrations: [...settings.migrations],
  synchronize: false,
  logging: false,
});

export function writerOf(settings: DatabaseSettings): DataSource {
  if (!isPostgres(settings)) return new DataSource(sqlite(settings, durable));
  return tellingAvailability(new DataSource(postgres(settings)));
}

/**
 * Where reads go. TypeORM has one SQLite connection per DataSource, and a read on the writer's would see a
 * neighbour's uncommitted rows; so SQLite gets a second one, which refuses to write.
 */
export function readerOf(settings: DatabaseSettings, writer: DataSource): DataSource {
  return isPostgres(settings) ? writer : new DataSource(sqlite(settings, queryOnly));
}

function durable(database: BetterSqlite3.Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
}

function queryOnly(database: BetterSqlite3.Database): void {
  database.pragma('query_only = ON');
}

function sqlite(
  settings: DatabaseSettings,
  prepareDatabase: (database: BetterSqlite3.Database) => void,
): DataSourceOptions {
  return {
    ...modelOf(settings),
    type: 'better-sqlite3',
    database: join(settings.dataDir, `${settings.name}.sqlite`),
    timeout: BUSY_MILLISECONDS,
    prepareDatabase,
  };
}

function postgres(settings: DatabaseSettings): DataSourceOptions {
  return {
    ...modelOf(settings),
    type: 'postgres',
    url: settings.databaseUrl ?? '',
    extra: {
      max: POOL_SIZE,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 10_000,
      options: `-c search_path=${settings.name}`,
      types: { getTypeParser: parserOf },
    },
  };
}

/** int8 as a number: instants and amounts stay far below 2^53. */
function parserOf(...[oid, format]: Parameters<typeof pg.types.getTypeParser>) {
  return oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format);
}

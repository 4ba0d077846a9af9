import type BetterSqlite3 from 'better-sqlite3';
import type { DataSource, EntityManager } from 'typeorm';
import { getErrorCode, toAvailabilityError } from './database-unavailable.exception.js';
import { MAX_PREPARED_TEXTS } from './prepared-statements.js';
import type { SqlStatement, Transaction, WriteResult } from './writer.js';

export type SqliteConnection = BetterSqlite3.Database;

/** Narrows the loose driver type of TypeORM. */
export function getSqliteConnection(dataSource: DataSource): SqliteConnection {
  const { driver } = dataSource;
  if (!('databaseConnection' in driver)) throw new Error('not a SQLite data source');
  return driver.databaseConnection as SqliteConnection;
}

/** PostgreSQL numbers its placeholders `$1, $2 …`. SQLite treats these as names, so binding by name lets both use one SQL text. */
export const bindParameters = (parameters: readonly unknown[]): Record<number, unknown>[] =>
  parameters.length === 0 ? [] : [Object.fromEntries(parameters.map((value, n) => [n + 1, value]))];

/** Prepares each SQL text once. */
export class SqliteStatements {
  private readonly prepared = new Map<string, BetterSqlite3.Statement<unknown[]>>();

  constructor(private readonly connection: SqliteConnection) {}

  run(sql: string, parameters: readonly unknown[]): WriteResult<unknown> {
    const statement = this.prepare(sql);
    const values = bindParameters(parameters);
    if (!statement.reader) return { affected: statement.run(...values).changes, rows: [] };
    const rows = statement.all(...values);
    return { affected: rows.length, rows };
  }

  runAll(statements: readonly SqlStatement[]): WriteResult<unknown>[] {
    return statements.map(({ sql, parameters }) => this.run(sql, parameters));
  }

  prepare(sql: string): BetterSqlite3.Statement<unknown[]> {
    let statement = this.prepared.get(sql);
    if (!statement) {
      statement = this.connection.prepare(sql);
      if (this.prepared.size < MAX_PREPARED_TEXTS) this.prepared.set(sql, statement);
    }
    return statement;
  }
}

/** @returns a function that reads rows. A write on the connection of readers is a fault of the program, so its error stays. */
export function createSqliteQuery(reader: DataSource) {
  const statements = new SqliteStatements(getSqliteConnection(reader));
  const read = (sql: string, parameters: readonly unknown[]) => {
    try {
      return statements.run(sql, parameters).rows;
    } catch (error) {
      throw getErrorCode(error) === 'SQLITE_READONLY' ? error : toAvailabilityError(error);
    }
  };
  return (sql: string, parameters: readonly unknown[]): Promise<unknown[]> =>
    new Promise((resolve) => resolve(read(sql, parameters)));
}

/** better-sqlite3 runs a statement at once, so only the callback of the transaction waits. */
export class SqliteTransaction implements Transaction {
  private readonly deferred: SqlStatement[] = [];

  constructor(
    readonly manager: EntityManager,
    private readonly statements: SqliteStatements,
  ) {}

  execute<Row>(sql: string, parameters: readonly unknown[]): Promise<WriteResult<Row>> {
    return new Promise((resolve) =>
      resolve(this.statements.run(sql, parameters) as WriteResult<Row>),
    );
  }

  executeAll(statements: readonly SqlStatement[]): Promise<WriteResult<unknown>[]> {
    return new Promise((resolve) => resolve(this.statements.runAll(statements)));
  }

  defer(statement: SqlStatement): void {
    this.deferred.push(statement);
  }

  runDeferred(): void {
    this.statements.runAll(this.deferred);
  }
}

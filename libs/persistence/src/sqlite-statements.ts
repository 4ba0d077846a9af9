import type BetterSqlite3 from 'better-sqlite3';
import type { DataSource, EntityManager } from 'typeorm';
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

/** Prepares each SQL text once. The texts are constants of the program, so the cache is bounded. */
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
      this.prepared.set(sql, statement);
    }
    return statement;
  }
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

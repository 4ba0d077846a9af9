import { setTimeout as delay } from 'node:timers/promises';
import type BetterSqlite3 from 'better-sqlite3';
import type { DataSource, EntityManager } from 'typeorm';
import { DatabaseUnavailableException } from './database-unavailable.exception.js';
import {
  type SqliteConnection,
  getSqliteConnection,
  SqliteStatements,
} from './sqlite-statements.js';
import { waitForEndOfTurn } from './batcher.js';
import type { Writer, WriteResult } from './writer.js';

interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  settle(outcome: Outcome): void;
}
type Outcome = { written: WriteResult<unknown> } | { error: unknown };
interface Transaction {
  readonly work: (manager: EntityManager) => Promise<unknown>;
  readonly settle: (result: Result) => void;
}
type Result = { value: unknown } | { error: unknown };

const isStatement = (job: Statement | Transaction): job is Statement => 'sql' in job;
const isTransaction = (job: Statement | Transaction): job is Transaction => !isStatement(job);

/** Transactions that share a commit: each waits for the others. */
const MAX_TRANSACTIONS_PER_COMMIT = 32;

/** How long a write waits for another process's lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * The one writer of a SQLite file in this process: jobs run in the order in which they came, one at a time, so that no
 * transaction ever meets a neighbour on TypeORM's single connection.
 *
 * Statements that wait together share one commit (group commit). They are applied and committed without an `await`
 * between, and each is told of its success only when the commit is on disk. When a member fails, the group is rolled
 * back and its members run again one by one, so that each succeeds or fails alone. So do transactions that wait together:
 * each is a savepoint, and is told of its success when the commit that it shares is on disk.
 */
export class SqliteWriter implements Writer {
  private readonly jobs: (Statement | Transaction)[] = [];
  private isDraining = false;
  private readonly connection: SqliteConnection;
  private readonly statements: SqliteStatements;
  private readonly commit: BetterSqlite3.Transaction<(group: readonly Statement[]) => Outcome[]>;

  constructor(private readonly dataSource: DataSource) {
    this.connection = getSqliteConnection(dataSource);
    this.statements = new SqliteStatements(this.connection);
    this.commit = this.connection.transaction((group) =>
      group.map(({ sql, parameters }) => ({ written: this.statements.run(sql, parameters) })),
    );
  }

  execute<Row>(sql: string, parameters: readonly unknown[]): Promise<WriteResult<Row>> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome) =>
        'error' in outcome
          ? reject(toWriteError(outcome.error))
          : resolve(outcome.written as WriteResult<Row>);
      this.enqueue({ sql, parameters, settle });
    });
  }

  /** TypeORM's transaction is on the one connection that there is. */
  executeInTransaction<Row>(
    _transaction: EntityManager,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<WriteResult<Row>> {
    return new Promise((resolve) =>
      resolve(this.statements.run(sql, parameters) as WriteResult<Row>),
    );
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (result: Result) =>
        'error' in result ? reject(toWriteError(result.error)) : resolve(result.value as T);
      this.enqueue({ work, settle });
    });
  }

  private enqueue(job: Statement | Transaction): void {
    this.jobs.push(job);
    if (!this.isDraining) void this.drain();
  }

  private async drain(): Promise<void> {
    this.isDraining = true;
    while (this.jobs.length > 0) {
      await waitForEndOfTurn(); // whatever arrives in this turn of the event loop joins the group
      const group = this.takeStatements();
      if (group.length > 0) await this.commitStatements(group);
      else await this.commitTransactions(this.takeTransactions());
    }
    this.isDraining = false;
  }

  private takeStatements(): Statement[] {
    const end = this.jobs.findIndex(isTransaction);
    return this.jobs.splice(0, end < 0 ? this.jobs.length : end).filter(isStatement);
  }

  private takeTransactions(): Transaction[] {
    const end = this.jobs.findIndex(isStatement);
    const waiting = end < 0 ? this.jobs.length : end;
    const taken = this.jobs.splice(0, Math.min(waiting, MAX_TRANSACTIONS_PER_COMMIT));
    return taken.filter(isTransaction);
  }

  private async commitStatements(group: readonly Statement[]): Promise<void> {
    try {
      const outcomes = await retryWhileBusy(() => this.commit.immediate(group));
      group.forEach((statement, index) =>
        statement.settle(outcomes[index] ?? { error: new Error('a statement had no outcome') }),
      );
    } catch (error) {
      if (group.length === 1 || isBusy(error))
        group.forEach((statement) => statement.settle({ error }));
      else for (const statement of group) await this.commitStatements([statement]);
    }
  }

  private async commitTransactions(group: readonly Transaction[]): Promise<void> {
    try {
      const results = await retryWhileBusy(() =>
        this.dataSource.transaction((manager) => this.runInSavepoints(group, manager)),
      );
      group.forEach(({ settle }, index) =>
        settle(results[index] ?? { error: new Error('a transaction had no result') }),
      );
    } catch (error) {
      if (group.length === 1 || isBusy(error)) group.forEach(({ settle }) => settle({ error }));
      else for (const transaction of group) await this.commitTransactions([transaction]);
    }
  }

  /** @throws where all of it is to be taken back: a transaction alone failed, the file is busy, or SQLite gave up as a whole */
  private async runInSavepoints(
    group: readonly Transaction[],
    manager: EntityManager,
  ): Promise<Result[]> {
    const [only, ...others] = group;
    if (only && others.length === 0) return [{ value: await only.work(manager) }];
    const results: Result[] = [];
    for (const { work } of group) {
      try {
        results.push({ value: await manager.transaction(work) });
      } catch (error) {
        if (isBusy(error) || !this.connection.inTransaction) throw error;
        results.push({ error });
      }
    }
    return results;
  }
}

/** Another process may hold the file's lock: try again without blocking the event loop. */
async function retryWhileBusy<T>(write: () => T | Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!isBusy(error) || performance.now() > giveUpAt) throw error;
      await delay(5 + Math.random() * 20);
    }
  }
}

/** Another process has held the lock all the time: nothing was written, and the caller may come again. */
const toWriteError = (error: unknown): unknown =>
  isBusy(error) ? new DatabaseUnavailableException(error) : error;

/** By its code: the driver makes its errors in the realm that loaded it first, so `instanceof` does not tell. */
function isBusy(error: unknown): boolean {
  const cause = error instanceof Error && 'driverError' in error ? error.driverError : error;
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return false;
  return String(cause.code).startsWith('SQLITE_BUSY');
}

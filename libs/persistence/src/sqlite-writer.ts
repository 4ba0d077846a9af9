import { setTimeout as delay } from 'node:timers/promises';
import type BetterSqlite3 from 'better-sqlite3';
import type { DataSource, EntityManager } from 'typeorm';
import { waitForEndOfTurn } from './batcher.js';
import {
  DatabaseUnavailableException,
  getErrorCode,
  toAvailabilityError,
} from './database-unavailable.exception.js';
import type { Writer, WriteResult } from './writer.js';

type SqliteConnection = BetterSqlite3.Database;

/** Narrows the loose driver type of TypeORM. */
export function getSqliteConnection(dataSource: DataSource): SqliteConnection {
  const { driver } = dataSource;
  if (!('databaseConnection' in driver)) throw new Error('not a SQLite data source');
  return driver.databaseConnection as SqliteConnection;
}

/** PostgreSQL numbers its placeholders `$1, $2 …`. SQLite treats these as names, so binding by name lets both use one SQL text. */
export const bindParameters = (parameters: readonly unknown[]): Record<number, unknown>[] =>
  parameters.length === 0 ? [] : [Object.fromEntries(parameters.map((value, n) => [n + 1, value]))];

interface Statement {
  readonly kind: 'statement';
  readonly sql: string;
  readonly parameters: readonly unknown[];
  settle(outcome: Outcome): void;
}
type Outcome = Settled<WriteResult<unknown>>;
interface Transaction {
  readonly kind: 'transaction';
  readonly work: (manager: EntityManager) => Promise<unknown>;
  readonly settle: (result: Result) => void;
}
type Result = Settled<unknown>;
type Settled<Value> =
  | { readonly status: 'written'; readonly value: Value }
  | { readonly status: 'failed'; readonly error: unknown };

type Job = Statement | Transaction;
const isStatement = (job: Job): job is Statement => job.kind === 'statement';
const isTransaction = (job: Job): job is Transaction => job.kind === 'transaction';
const toFailure = (error: unknown) => ({ status: 'failed', error }) as const;
const toSuccess = <Value>(value: Value) => ({ status: 'written', value }) as const;

/** Transactions that share a commit wait for each other. */
const MAX_TRANSACTIONS_PER_COMMIT = 32;

/** How long a write waits for another process's lock, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * The only writer of a SQLite file in this process. Jobs run one at a time in the order of their arrival, so two transactions
 * never mix on TypeORM's single connection.
 *
 * Waiting statements share one commit (group commit). They run and commit without an `await` in between, and their promises
 * resolve when the commit is on disk. When one of them fails, the group is rolled back and its members run again one by one, so
 * that each succeeds or fails alone. Waiting transactions share a commit in the same way, each as a savepoint.
 */
export class SqliteWriter implements Writer {
  private readonly jobs: Job[] = [];
  private isDraining = false;
  private readonly connection: SqliteConnection;
  private readonly statements: SqliteStatements;
  private readonly commit: BetterSqlite3.Transaction<(group: readonly Statement[]) => Outcome[]>;

  constructor(private readonly dataSource: DataSource) {
    this.connection = getSqliteConnection(dataSource);
    this.statements = new SqliteStatements(this.connection);
    this.commit = this.connection.transaction((group) =>
      group.map(({ sql, parameters }) => toSuccess(this.statements.run(sql, parameters))),
    );
  }

  execute<Row>(sql: string, parameters: readonly unknown[]): Promise<WriteResult<Row>> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome) =>
        outcome.status === 'failed'
          ? reject(toWriteError(outcome.error))
          : resolve(outcome.value as WriteResult<Row>);
      this.enqueue({ kind: 'statement', sql, parameters, settle });
    });
  }

  /** TypeORM's transaction uses the same connection, so no queue is needed. */
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
        result.status === 'failed'
          ? reject(toWriteError(result.error))
          : resolve(result.value as T);
      this.enqueue({ kind: 'transaction', work, settle });
    });
  }

  private enqueue(job: Job): void {
    this.jobs.push(job);
    if (!this.isDraining) void this.drain();
  }

  private async drain(): Promise<void> {
    this.isDraining = true;
    while (this.jobs.length > 0) {
      await waitForEndOfTurn(); // jobs of this event-loop turn join the group
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
      const outcomes = await retryWhileBusy(() => {
        this.endTransaction();
        return this.commit.immediate(group);
      });
      group.forEach((statement, index) =>
        statement.settle(outcomes[index] ?? toFailure(new Error('a statement had no outcome'))),
      );
    } catch (error) {
      if (group.length === 1 || isBusy(error))
        group.forEach((statement) => statement.settle(toFailure(error)));
      else for (const statement of group) await this.commitStatements([statement]);
    }
  }

  private async commitTransactions(group: readonly Transaction[]): Promise<void> {
    try {
      const results = await retryWhileBusy(() =>
        this.runTransaction((manager) => this.runInSavepoints(group, manager)),
      );
      group.forEach(({ settle }, index) =>
        settle(results[index] ?? toFailure(new Error('a transaction had no result'))),
      );
    } catch (error) {
      if (group.length === 1 || isBusy(error))
        group.forEach(({ settle }) => settle(toFailure(error)));
      else for (const transaction of group) await this.commitTransactions([transaction]);
    }
  }

  private async runTransaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    this.endTransaction();
    try {
      return await this.dataSource.transaction(work);
    } catch (error) {
      this.endTransaction();
      throw error;
    }
  }

  /**
   * SQLite rolls a transaction back by itself when the disk is full. TypeORM then fails to roll back, takes the transaction for
   * open, and begins the next one as a savepoint. Writes would be acknowledged that never commit.
   *
   * @throws when SQLite cannot roll back; no write is made then
   */
  private endTransaction(): void {
    const runner = this.dataSource.createQueryRunner();
    if (!this.connection.inTransaction && !runner.isTransactionActive) return;
    if (this.connection.inTransaction) this.connection.exec('ROLLBACK');
    Object.assign(runner, { isTransactionActive: false, transactionDepth: 0 });
  }

  /** @throws when the whole group must roll back: a single transaction failed, the file is busy, or SQLite ended the transaction */
  private async runInSavepoints(
    group: readonly Transaction[],
    manager: EntityManager,
  ): Promise<Result[]> {
    const [only, ...others] = group;
    if (only && others.length === 0) return [toSuccess(await only.work(manager))];
    const results: Result[] = [];
    for (const { work } of group) {
      try {
        results.push(toSuccess(await manager.transaction(work)));
      } catch (error) {
        if (isBusy(error) || !this.connection.inTransaction) throw error;
        results.push(toFailure(error));
      }
    }
    return results;
  }
}

/** Prepares each SQL text once. The texts are constants of the program, so the cache is bounded. */
class SqliteStatements {
  private readonly prepared = new Map<string, BetterSqlite3.Statement<unknown[]>>();

  constructor(private readonly connection: SqliteConnection) {}

  run(sql: string, parameters: readonly unknown[]): WriteResult<unknown> {
    const statement = this.prepare(sql);
    const values = bindParameters(parameters);
    if (!statement.reader) return { affected: statement.run(...values).changes, rows: [] };
    const rows = statement.all(...values);
    return { affected: rows.length, rows };
  }

  private prepare(sql: string): BetterSqlite3.Statement<unknown[]> {
    let statement = this.prepared.get(sql);
    if (!statement) {
      statement = this.connection.prepare(sql);
      this.prepared.set(sql, statement);
    }
    return statement;
  }
}

/** Another process can hold the file's lock. This tries again without blocking the event loop. */
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

/** When another process held the lock all the time, nothing was written, and the caller can try again. */
const toWriteError = (error: unknown): unknown =>
  isBusy(error) ? new DatabaseUnavailableException(error) : toAvailabilityError(error);

const isBusy = (error: unknown): boolean => getErrorCode(error).startsWith('SQLITE_BUSY');

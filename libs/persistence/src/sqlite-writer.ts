import { setTimeout as delay } from 'node:timers/promises';
import type BetterSqlite3 from 'better-sqlite3';
import type { DataSource, EntityManager } from 'typeorm';
import { runTogether, waitForEndOfTurn } from './batcher.js';
import {
  DatabaseUnavailableException,
  getErrorCode,
  toAvailabilityError,
} from './database-unavailable.exception.js';
import {
  SqliteStatements,
  type SqliteConnection,
  getSqliteConnection,
} from './sqlite-statements.js';
import { type LateValues, readValues, type Writer, type WriteResult } from './writer.js';

interface Statement {
  readonly kind: 'statement';
  readonly sql: string;
  readonly parameters: LateValues;
  resolve(value: WriteResult<unknown>): void;
  reject(error: unknown): void;
}
interface Transaction {
  readonly kind: 'transaction';
  readonly work: (manager: EntityManager) => Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}
type Outcome<Value> =
  | { readonly status: 'written'; readonly value: Value }
  | { readonly status: 'failed'; readonly error: unknown };

type Job = Statement | Transaction;
const isStatement = (job: Job): job is Statement => job.kind === 'statement';
const isTransaction = (job: Job): job is Transaction => job.kind === 'transaction';
const toFailure = (error: unknown) => ({ status: 'failed', error }) as const;
const toSuccess = <Value>(value: Value) => ({ status: 'written', value }) as const;

function settle<Value>(
  job: { resolve(value: Value): void; reject(error: unknown): void },
  outcome: Outcome<Value> | undefined,
): void {
  if (outcome?.status === 'written') job.resolve(outcome.value);
  else job.reject(outcome?.error ?? new Error('a write had no outcome'));
}

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
 * that each succeeds or fails alone. Waiting transactions share a commit in the same way, each as a savepoint. When the file
 * cannot be written, all waiting jobs fail at once, because each would wait for the same time limit.
 */
export class SqliteWriter implements Writer {
  private readonly jobs: Job[] = [];
  private isDraining = false;
  private readonly connection: SqliteConnection;
  private readonly statements: SqliteStatements;
  private readonly commit: BetterSqlite3.Transaction<
    (group: readonly Statement[]) => Outcome<WriteResult<unknown>>[]
  >;

  constructor(private readonly dataSource: DataSource) {
    this.connection = getSqliteConnection(dataSource);
    this.statements = new SqliteStatements(this.connection);
    this.commit = this.connection.transaction((group) =>
      group.map((statement) => this.runStatement(statement)),
    );
  }

  execute<Row>(sql: string, parameters: LateValues): Promise<WriteResult<Row>> {
    return new Promise((resolve, reject) => {
      const resolveRows = (value: WriteResult<unknown>) => resolve(value as WriteResult<Row>);
      this.enqueue({ kind: 'statement', sql, parameters, resolve: resolveRows, reject });
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
      const resolveValue = (value: unknown) => resolve(value as T);
      this.enqueue({ kind: 'transaction', work, resolve: resolveValue, reject });
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
      if (group.length > 0) await runTogether(group, (members) => this.commitStatements(members));
      else
        await runTogether(this.takeTransactions(), (members) => this.commitTransactions(members));
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
    const outcomes = await this.write(() => this.commitGroup(group));
    group.forEach((statement, index) => settle(statement, outcomes[index]));
  }

  private async commitTransactions(group: readonly Transaction[]): Promise<void> {
    const outcomes = await this.write(() =>
      this.runTransaction((manager) => this.runInSavepoints(group, manager)),
    );
    group.forEach((transaction, index) => settle(transaction, outcomes[index]));
  }

  /** When the file cannot be written, the jobs in the queue fail too. */
  private async write<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await retryWhileBusy(work);
    } catch (thrown) {
      const error = toWriteError(thrown);
      if (error instanceof DatabaseUnavailableException)
        for (const job of this.jobs.splice(0)) job.reject(error);
      throw error;
    }
  }

  private commitGroup(group: readonly Statement[]): Outcome<WriteResult<unknown>>[] {
    this.endTransaction();
    return this.commit.immediate(group);
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

  private runStatement({ sql, parameters }: Statement): Outcome<WriteResult<unknown>> {
    let values: readonly unknown[];
    try {
      values = readValues(parameters);
    } catch (error) {
      return toFailure(error);
    }
    return toSuccess(this.statements.run(sql, values));
  }

  /** @throws when the whole group must roll back: a single transaction failed, the file is busy, or SQLite ended the transaction */
  private async runInSavepoints(
    group: readonly Transaction[],
    manager: EntityManager,
  ): Promise<Outcome<unknown>[]> {
    const [only, ...others] = group;
    if (only && others.length === 0) return [toSuccess(await only.work(manager))];
    const results: Outcome<unknown>[] = [];
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

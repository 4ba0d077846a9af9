import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { runTogether, waitForEndOfTurn } from './batcher.js';
import {
  DatabaseUnavailableException,
  getErrorCode,
  toAvailabilityError,
} from './database-unavailable.exception.js';
import {
  type SqliteConnection,
  SqliteStatements,
  SqliteTransaction,
  getSqliteConnection,
} from './sqlite-statements.js';
import {
  type LateValues,
  readValues,
  type SqlStatement,
  type Transaction,
  type Writer,
  UNDECIDED,
  type WriteResult,
} from './writer.js';

interface Settleable {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}
/** One statement, or several as one. */
interface Statement extends Settleable {
  readonly kind: 'statement';
  /** @throws when the group must roll back */
  run(): Outcome<unknown>;
}
interface TransactionJob extends Settleable {
  readonly kind: 'transaction';
  readonly work: (transaction: Transaction) => Promise<unknown>;
}
type Outcome<Value> =
  | { readonly status: 'written'; readonly value: Value }
  | { readonly status: 'failed'; readonly error: unknown };

type Job = Statement | TransactionJob;
const isStatement = (job: Job): job is Statement => job.kind === 'statement';
const isTransaction = (job: Job): job is TransactionJob => job.kind === 'transaction';
const toFailure = (error: unknown) => ({ status: 'failed', error }) as const;
const toSuccess = <Value>(value: Value) => ({ status: 'written', value }) as const;

function settle(job: Settleable, outcome: Outcome<unknown> | undefined): void {
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
  /** TypeORM's only query runner of this connection. */
  private readonly runner: QueryRunner;

  constructor(dataSource: DataSource) {
    this.connection = getSqliteConnection(dataSource);
    this.statements = new SqliteStatements(this.connection);
    this.runner = dataSource.createQueryRunner();
  }

  execute<Row>(sql: string, parameters: LateValues): Promise<WriteResult<Row>> {
    return this.submitStatement(() => this.runStatement(sql, parameters));
  }

  executeAll(statements: readonly SqlStatement[]): Promise<WriteResult<unknown>[]> {
    return this.submitStatement(() => toSuccess(this.statements.runAll(statements)));
  }

  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.submit((resolve, reject) => ({ kind: 'transaction', work, resolve, reject }));
  }

  /** A transaction costs no round trip here. */
  readonly decide = (): Promise<WriteResult<never>> => Promise.resolve(UNDECIDED);

  private submitStatement<T>(run: () => Outcome<unknown>): Promise<T> {
    return this.submit((resolve, reject) => ({ kind: 'statement', run, resolve, reject }));
  }

  private submit<T>(
    createJob: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => Job,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      this.jobs.push(createJob((value) => resolve(value as T), reject));
      if (!this.isDraining) void this.drain();
    });
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

  private takeTransactions(): TransactionJob[] {
    const end = this.jobs.findIndex(isStatement);
    const waiting = end < 0 ? this.jobs.length : end;
    const taken = this.jobs.splice(0, Math.min(waiting, MAX_TRANSACTIONS_PER_COMMIT));
    return taken.filter(isTransaction);
  }

  private async commitStatements(group: readonly Statement[]): Promise<void> {
    const outcomes = await this.write(() => this.commitGroup(group));
    group.forEach((statement, index) => settle(statement, outcomes[index]));
  }

  private async commitTransactions(group: readonly TransactionJob[]): Promise<void> {
    const outcomes = await this.write(() => this.runTransactions(group));
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

  private commitGroup(group: readonly Statement[]): Outcome<unknown>[] {
    this.endTransaction();
    this.control('BEGIN IMMEDIATE');
    try {
      const outcomes = group.map((statement) => statement.run());
      this.control('COMMIT');
      return outcomes;
    } catch (error) {
      this.endTransaction();
      throw error;
    }
  }

  private async runTransactions(group: readonly TransactionJob[]): Promise<Outcome<unknown>[]> {
    this.endTransaction();
    this.control('BEGIN IMMEDIATE');
    Object.assign(this.runner, { isTransactionActive: true, transactionDepth: 1 });
    try {
      const outcomes = await this.runInSavepoints(group);
      this.control('COMMIT');
      return outcomes;
    } finally {
      this.endTransaction();
    }
  }

  /**
   * Also resets TypeORM's state, because SQLite rolls a transaction back by itself when the disk is full. TypeORM would take the
   * transaction for open.
   *
   * @throws when SQLite cannot roll back; no write is made then
   */
  private endTransaction(): void {
    if (this.connection.inTransaction) this.control('ROLLBACK');
    if (this.runner.isTransactionActive)
      Object.assign(this.runner, { isTransactionActive: false, transactionDepth: 0 });
  }

  private control(sql: string): void {
    this.statements.prepare(sql).run();
  }

  private runStatement(sql: string, parameters: LateValues): Outcome<unknown> {
    let values: readonly unknown[];
    try {
      values = readValues(parameters);
    } catch (error) {
      return toFailure(error);
    }
    return toSuccess(this.statements.run(sql, values));
  }

  /** @throws when the whole group must roll back: a single transaction failed, the file is busy, or SQLite ended the transaction */
  private async runInSavepoints(group: readonly TransactionJob[]): Promise<Outcome<unknown>[]> {
    const [only, ...others] = group;
    if (only && others.length === 0) return [toSuccess(await this.runToCommit(only))];
    const outcomes: Outcome<unknown>[] = [];
    for (const job of group) {
      this.control('SAVEPOINT member');
      try {
        outcomes.push(toSuccess(await this.runToCommit(job)));
      } catch (error) {
        if (isBusy(error) || !this.connection.inTransaction) throw error;
        this.control('ROLLBACK TO member');
        outcomes.push(toFailure(error));
      }
      this.control('RELEASE member');
    }
    return outcomes;
  }

  private async runToCommit({ work }: TransactionJob): Promise<unknown> {
    const transaction = new SqliteTransaction(this.runner.manager, this.statements);
    const value = await work(transaction);
    transaction.runDeferred();
    return value;
  }
}

/** Another process can hold the file's lock. This tries again without blocking the event loop. */
export async function retryWhileBusy<T>(write: () => T | Promise<T>): Promise<T> {
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

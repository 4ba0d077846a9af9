import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import {
  type ConditionalUpdate,
  createPostgresConditionalUpdate,
  createSqliteConditionalUpdate,
  type LookupKey,
  RowLookup,
  type UpdateStatement,
} from './batched-statements.js';
import { createPostgresQuery } from './prepared-statements.js';
import { createSqliteQuery } from './sqlite-statements.js';
import { WriteHealth } from './write-health.js';
import {
  type Decision,
  type SqlStatement,
  type Transaction,
  UNDECIDED,
  type Writer,
  type WriteResult,
} from './writer.js';

/**
 * All writes go through this class, because SQLite has one writer. SQL texts use `$1, $2 …` on both databases.
 *
 * - Several writes that must succeed or fail together: `transaction(async (manager) => { await manager.insert(…); … })`.
 * - One statement whose `WHERE` is the lock: {@link execute}. On SQLite it shares its commit with other statements.
 */
@Injectable()
export class UnitOfWork {
  private readonly transactionContext = new AsyncLocalStorage<Transaction>();
  private readonly openTransactions = new Set<Transaction>();
  private readonly health = new WriteHealth();
  private readonly readRows: (sql: string, parameters: readonly unknown[]) => Promise<unknown[]>;

  constructor(
    private readonly reader: DataSource,
    private readonly writer: Writer,
  ) {
    this.readRows = this.isPostgres ? createPostgresQuery(reader) : createSqliteQuery(reader);
  }

  /** Committed rows only. The statement is prepared, so its text must be one of a small number. */
  query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.readRows(sql, parameters) as Promise<Row[]>;
  }

  /**
   * Prepares reads of single rows of an entity, at the cost of plain SQL.
   * @param by another unique column than the primary key
   */
  lookup<Entity extends object>(entity: new () => Entity, by?: LookupKey): RowLookup<Entity> {
    return new RowLookup(this.reader, entity, by);
  }

  /** Prepares an update that many callers run at the same time; it does not join transactions. */
  conditionalUpdate(text: UpdateStatement): ConditionalUpdate {
    const update = this.isPostgres
      ? createPostgresConditionalUpdate(this.reader, text)
      : createSqliteConditionalUpdate(this.writer, text);
    return { apply: (values) => this.health.watch(update.apply(values)) };
  }

  /** Runs one statement. Its change is durable when the promise resolves, unless the call joins a transaction. */
  execute<Row = never>(
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<WriteResult<Row>> {
    const current = this.findTransaction();
    return current
      ? current.execute(sql, parameters)
      : this.health.watch(this.writer.execute(sql, parameters));
  }

  /** As {@link execute}, for a write that gives no job work and joins no transaction. */
  executeUnnoticed<Row = never>(
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<WriteResult<Row>> {
    return this.writer.execute(sql, parameters);
  }

  /**
   * For a write of a transaction whose result is not read. It runs right before the commit and travels with it, so a later statement
   * of the transaction does not see its change. When it fails, the transaction rolls back and rejects.
   */
  executeWithCommit(sql: string, parameters: readonly unknown[] = []): void {
    const current = this.findTransaction();
    if (!current) throw new Error('executeWithCommit needs an open transaction');
    current.defer({ sql, parameters });
  }

  /** Runs statements in their order as one transaction, in one round trip. Inside a transaction they join it. */
  executeAll(statements: readonly SqlStatement[]): Promise<WriteResult<unknown>[]> {
    const current = this.findTransaction();
    return current
      ? current.executeAll(statements)
      : this.health.watch(this.writer.executeAll(statements));
  }

  /**
   * Makes changes that depend on one condition, in one round trip and one commit that concurrent decisions and inserts share. It
   * waits for no lock, because the others would wait too.
   *
   * @param build is called right before the statements are sent; when it throws, nothing is sent
   * @returns the result of the last change. Without a row nothing was changed: the condition does not hold, another transaction
   * holds a lock, the caller is inside a transaction, or the database is SQLite. A {@link transaction} then tells which.
   */
  decide<Row>(build: () => Decision): Promise<WriteResult<Row>> {
    if (this.isInTransaction) return Promise.resolve(UNDECIDED);
    return this.health.watch(this.writer.decide<Row>(build));
  }

  /** @param listener is called after each write of this process */
  onWrite(listener: () => void): void {
    this.health.onWrite(listener);
  }

  /**
   * Runs several writes as one. A nested call joins the transaction. On SQLite all other writes of the process wait for its end,
   * so the callback must not wait for the network, a password hash or a timer.
   */
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const current = this.findTransaction();
    if (current) return work(current.manager);
    const written = this.writer.transaction((transaction) =>
      this.transactionContext.run(transaction, () => this.runInside(transaction, work)),
    );
    return this.health.watch(written);
  }

  /**
   * Before Node 24 an enabled AsyncLocalStorage makes each promise of the process about 2.5 times as expensive, so it is enabled
   * while a transaction is open.
   */
  private async runInside<T>(
    transaction: Transaction,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    this.openTransactions.add(transaction);
    try {
      return await work(transaction.manager);
    } finally {
      this.openTransactions.delete(transaction);
      if (this.openTransactions.size === 0) this.transactionContext.disable();
    }
  }

  /** A call that the callback did not wait for can run after the end of its transaction. It is then outside. */
  private findTransaction(): Transaction | undefined {
    if (this.openTransactions.size === 0) return undefined;
    const current = this.transactionContext.getStore();
    return current && this.openTransactions.has(current) ? current : undefined;
  }

  /**
   * For `/health/ready`. After a write has failed because the database cannot write, it tries a write.
   *
   * @throws unless the database can be read and, as far as this process knows, written
   */
  async checkHealth(): Promise<void> {
    await this.query('SELECT 1');
    if (this.health.isFailing) await this.health.probe(this.writer);
  }

  /** Whether the caller is inside a {@link transaction}, which can roll its writes back. */
  get isInTransaction(): boolean {
    return this.findTransaction() !== undefined;
  }

  get isPostgres(): boolean {
    return this.reader.options.type === 'postgres';
  }
}

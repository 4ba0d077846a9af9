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
import { bindParameters } from './sqlite-statements.js';
import { WriteHealth } from './write-health.js';
import type { SqlStatement, TransactionScope, Writer, WriteResult } from './writer.js';

/**
 * All writes go through this class, because SQLite has one writer. SQL texts use `$1, $2 …` on both databases.
 *
 * - Several writes that must succeed or fail together: `transaction(async (manager) => { await manager.insert(…); … })`.
 * - One statement whose `WHERE` is the lock: {@link execute}. On SQLite it shares its commit with other statements.
 */
@Injectable()
export class UnitOfWork {
  private readonly transactionContext = new AsyncLocalStorage<TransactionScope>();
  private readonly health = new WriteHealth();

  constructor(
    private readonly reader: DataSource,
    private readonly writer: Writer,
  ) {}

  /** Committed rows only. */
  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.reader.query(sql, this.toDriverParameters(parameters));
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
    const current = this.transactionContext.getStore();
    return current
      ? this.writer.executeInTransaction(current.manager, sql, parameters)
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
    const current = this.transactionContext.getStore();
    if (!current) throw new Error('executeWithCommit needs an open transaction');
    current.deferred.push({ sql, parameters });
  }

  /** Runs statements in their order as one transaction, in one round trip. Inside a transaction they join it. */
  executeAll(statements: readonly SqlStatement[]): Promise<WriteResult<unknown>[]> {
    return this.transaction(async () => {
      const results: WriteResult<unknown>[] = [];
      for (const { sql, parameters } of statements)
        results.push(await this.execute(sql, parameters));
      return results;
    });
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
    const current = this.transactionContext.getStore();
    if (current) return work(current.manager);
    const written = this.writer.transaction((manager) =>
      this.transactionContext.run({ manager, deferred: [] }, () => this.runToCommit(work)),
    );
    return this.health.watch(written);
  }

  private async runToCommit<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const { manager, deferred } = this.transactionContext.getStore() as TransactionScope;
    const result = await work(manager);
    for (const { sql, parameters } of deferred)
      await this.writer.executeInTransaction(manager, sql, parameters);
    return result;
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
    return this.transactionContext.getStore() !== undefined;
  }

  private toDriverParameters(parameters: readonly unknown[]): unknown[] {
    return this.isPostgres ? [...parameters] : bindParameters(parameters);
  }

  get isPostgres(): boolean {
    return this.reader.options.type === 'postgres';
  }
}

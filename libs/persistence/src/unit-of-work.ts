import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import {
  type ConditionalUpdate,
  createSqliteConditionalUpdate,
  createPostgresConditionalUpdate,
  type UpdateStatement,
} from './conditional-update.js';
import { RowLookup } from './row-lookup.js';
import { bindParameters } from './sqlite-statements.js';
import type { Writer, WriteResult } from './writer.js';

/**
 * The only door through which anything is written. SQL texts use `$1, $2 …` on both databases.
 *
 * Prefer {@link execute}: a statement whose `WHERE` holds the condition is its own lock, and on SQLite shares its
 * commit with others. Where two writes must stand or fall together, use {@link transaction}.
 */
@Injectable()
export class UnitOfWork {
  private readonly transactionContext = new AsyncLocalStorage<EntityManager>();

  constructor(
    private readonly reader: DataSource,
    private readonly writer: Writer,
  ) {}

  /** Committed rows only. */
  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.reader.query(sql, this.toDriverParameters(parameters));
  }

  /** Reads single rows of an entity by primary key, at the price of the bare SQL. */
  lookup<Entity extends object>(entity: new () => Entity): RowLookup<Entity> {
    return new RowLookup(this.reader, entity);
  }

  /** Prepares an update that many callers make at once; it does not join transactions. */
  conditionalUpdate(text: UpdateStatement): ConditionalUpdate {
    return this.isPostgres
      ? createPostgresConditionalUpdate(this.reader, text)
      : createSqliteConditionalUpdate(this.writer, text);
  }

  /** One statement; it is durable when the promise resolves. */
  execute<Row = never>(
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<WriteResult<Row>> {
    const joined = this.transactionContext.getStore();
    return joined
      ? this.writer.executeInTransaction(joined, sql, parameters)
      : this.writer.execute(sql, parameters);
  }

  /**
   * Several writes as one. A call inside a call joins it. On SQLite it holds back every other write of this process:
   * no network, no password hash and no timer inside.
   */
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const joined = this.transactionContext.getStore();
    if (joined) return work(joined);
    return this.writer.transaction((manager) =>
      this.transactionContext.run(manager, () => work(manager)),
    );
  }

  /** Whether what this call writes could be taken back with the rest of a {@link transaction}. */
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

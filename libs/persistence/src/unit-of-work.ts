import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import {
  type ConditionalUpdate,
  oneByOne,
  together,
  type UpdateText,
} from './conditional-update.js';
import { RowLookup } from './row-lookup.js';
import { bound } from './sqlite-statements.js';
import type { Writer, Written } from './writer.js';

/**
 * The only door through which anything is written. SQL texts use `$1, $2 …` on both databases.
 *
 * Prefer {@link execute}: a statement whose `WHERE` holds the condition is its own lock, and on SQLite shares its
 * commit with others. Where two writes must stand or fall together, use {@link transaction}.
 */
@Injectable()
export class UnitOfWork {
  private readonly current = new AsyncLocalStorage<EntityManager>();

  constructor(
    private readonly reader: DataSource,
    private readonly writer: Writer,
  ) {}

  /** Committed rows only. */
  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.reader.query(sql, this.values(parameters));
  }

  /** Reads single rows of an entity by primary key, at the price of the bare SQL. */
  lookup<Entity extends object>(entity: new () => Entity): RowLookup<Entity> {
    return new RowLookup(this.reader, entity);
  }

  /** Prepares an update that many callers make at once; it does not join transactions. */
  conditionalUpdate(text: UpdateText): ConditionalUpdate {
    return this.isPostgres ? together(this.reader, text) : oneByOne(this.writer, text);
  }

  /** One statement; it is durable when the promise resolves. */
  execute<Row = never>(sql: string, parameters: readonly unknown[] = []): Promise<Written<Row>> {
    const joined = this.current.getStore();
    return joined
      ? this.writer.executeIn(joined, sql, parameters)
      : this.writer.execute(sql, parameters);
  }

  /**
   * Several writes as one. A call inside a call joins it. On SQLite it holds back every other write of this process:
   * no network, no password hash and no timer inside.
   */
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const joined = this.current.getStore();
    if (joined) return work(joined);
    return this.writer.transaction((manager) => this.current.run(manager, () => work(manager)));
  }

  /** Whether what this call writes could be taken back with the rest of a {@link transaction}. */
  get isInTransaction(): boolean {
    return this.current.getStore() !== undefined;
  }

  private values(parameters: readonly unknown[]): unknown[] {
    return this.isPostgres ? [...parameters] : bound(parameters);
  }

  get isPostgres(): boolean {
    return this.reader.options.type === 'postgres';
  }
}

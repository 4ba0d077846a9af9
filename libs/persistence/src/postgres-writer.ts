import type { DataSource, EntityManager } from 'typeorm';
import { connectionIn, poolOf, run } from './postgres-pool.js';
import type { Writer, Written } from './writer.js';

/** PostgreSQL needs no queue: each statement commits by itself, and each transaction has a connection of its own. */
export class PostgresWriter implements Writer {
  constructor(private readonly dataSource: DataSource) {}

  execute<Row>(sql: string, parameters: readonly unknown[]): Promise<Written<Row>> {
    return run(poolOf(this.dataSource), sql, parameters);
  }

  async executeIn<Row>(
    transaction: EntityManager,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<Written<Row>> {
    return run(await connectionIn(transaction), sql, parameters);
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }
}

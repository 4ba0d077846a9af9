import type { DataSource, EntityManager } from 'typeorm';
import { DatabaseUnavailable, codeOf } from './database-unavailable.js';
import { connectionIn, poolOf, run } from './postgres-pool.js';
import type { Writer, Written } from './writer.js';

const DEADLOCK = '40P01';
const MOST_ATTEMPTS = 5;

/**
 * PostgreSQL needs no queue: each statement commits by itself, and each transaction has a connection of its own. Of those that
 * wait for each other it fails one: nothing of it happened, and it is made again.
 */
export class PostgresWriter implements Writer {
  constructor(private readonly dataSource: DataSource) {}

  execute<Row>(sql: string, parameters: readonly unknown[]): Promise<Written<Row>> {
    return untilNoDeadlock(() => run(poolOf(this.dataSource), sql, parameters));
  }

  async executeIn<Row>(
    transaction: EntityManager,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<Written<Row>> {
    return run(await connectionIn(transaction), sql, parameters);
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return untilNoDeadlock(() => this.dataSource.transaction(work));
  }
}

/** @throws {DatabaseUnavailable} where it is always the one that fails */
async function untilNoDeadlock<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (codeOf(error) !== DEADLOCK) throw error;
      if (attempts === MOST_ATTEMPTS) throw new DatabaseUnavailable(error);
    }
  }
}

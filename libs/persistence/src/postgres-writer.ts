import type { DataSource, EntityManager } from 'typeorm';
import { DatabaseUnavailableException, getErrorCode } from './database-unavailable.exception.js';
import { getTransactionConnection, getPool, runPrepared } from './postgres-statements.js';
import type { Writer, WriteResult } from './writer.js';

const DEADLOCK = '40P01';
const MAX_ATTEMPTS = 5;

/**
 * PostgreSQL needs no queue: each statement commits by itself, and each transaction has a separate connection. When transactions
 * deadlock, PostgreSQL rolls one back, and this class runs it again.
 */
export class PostgresWriter implements Writer {
  constructor(private readonly dataSource: DataSource) {}

  execute<Row>(sql: string, parameters: readonly unknown[]): Promise<WriteResult<Row>> {
    return retryOnDeadlock(() => runPrepared(getPool(this.dataSource), sql, parameters));
  }

  async executeInTransaction<Row>(
    transaction: EntityManager,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<WriteResult<Row>> {
    return runPrepared(await getTransactionConnection(transaction), sql, parameters);
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return retryOnDeadlock(() => this.dataSource.transaction(work));
  }
}

/** @throws {DatabaseUnavailableException} after the last attempt */
async function retryOnDeadlock<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (getErrorCode(error) !== DEADLOCK) throw error;
      if (attempts === MAX_ATTEMPTS) throw new DatabaseUnavailableException(error);
    }
  }
}

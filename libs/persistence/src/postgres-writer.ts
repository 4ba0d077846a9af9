import type { DataSource, EntityManager } from 'typeorm';
import { type Writer, type Written, writtenOn } from './writer.js';

/** PostgreSQL needs no queue: each statement commits by itself, and each transaction has a connection of its own. */
export class PostgresWriter implements Writer {
  constructor(private readonly dataSource: DataSource) {}

  async execute<Row>(sql: string, parameters: readonly unknown[]): Promise<Written<Row>> {
    const runner = this.dataSource.createQueryRunner();
    try {
      return await writtenOn<Row>(runner, sql, [...parameters]);
    } finally {
      await runner.release();
    }
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }
}

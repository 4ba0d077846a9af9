import type { DataSource, EntityManager } from 'typeorm';
import type { Writer, Written } from './writer.js';

/** PostgreSQL needs no queue: each statement commits by itself, and each transaction has a connection of its own. */
export class PostgresWriter implements Writer {
  constructor(private readonly dataSource: DataSource) {}

  async execute<Row>(sql: string, parameters: readonly unknown[]): Promise<Written<Row>> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const { records, affected } = await runner.query(sql, [...parameters], true);
      return { affected: affected ?? records.length, rows: records };
    } finally {
      await runner.release();
    }
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }
}

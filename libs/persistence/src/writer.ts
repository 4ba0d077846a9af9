import type { EntityManager } from 'typeorm';

export interface WriteResult<Row> {
  /** Rows that the statement inserted, changed or deleted. */
  readonly affected: number;
  /** What `RETURNING` gave back. */
  readonly rows: Row[];
}

/** What the two databases do differently: how a write becomes durable. */
export interface Writer {
  execute<Row>(sql: string, parameters: readonly unknown[]): Promise<WriteResult<Row>>;
  /** A statement of a transaction that is under way. */
  executeInTransaction<Row>(
    transaction: EntityManager,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<WriteResult<Row>>;
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
}

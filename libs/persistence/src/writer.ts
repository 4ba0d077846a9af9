import type { EntityManager } from 'typeorm';

export interface WriteResult<Row> {
  /** Rows that the statement inserted, changed or deleted. */
  readonly affected: number;
  /** The rows of `RETURNING`. */
  readonly rows: Row[];
}

/** How a write becomes durable, which differs between the two databases. */
export interface Writer {
  execute<Row>(sql: string, parameters: readonly unknown[]): Promise<WriteResult<Row>>;
  /** Runs a statement of an open transaction. */
  executeInTransaction<Row>(
    transaction: EntityManager,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<WriteResult<Row>>;
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
}

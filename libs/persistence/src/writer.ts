import type { EntityManager } from 'typeorm';

export interface Written<Row> {
  /** Rows that the statement inserted, changed or deleted. */
  readonly affected: number;
  /** What `RETURNING` gave back. */
  readonly rows: Row[];
}

/** What the two databases do differently: how a write becomes durable. */
export interface Writer {
  execute<Row>(sql: string, parameters: readonly unknown[]): Promise<Written<Row>>;
  /** A statement of a transaction that is under way. */
  executeIn<Row>(
    transaction: EntityManager,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<Written<Row>>;
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
}

import type { EntityManager } from 'typeorm';

export interface WriteResult<Row> {
  /** Rows that the statement inserted, changed or deleted. */
  readonly affected: number;
  /** The rows of `RETURNING`. */
  readonly rows: Row[];
}

/** SQL with `$1, $2 …` and their values. */
export interface SqlStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** An open transaction. */
export interface TransactionScope {
  readonly manager: EntityManager;
  /** Statements that run right before COMMIT. */
  readonly deferred: SqlStatement[];
}

/**
 * The values of `$1, $2 …`. A function is called right before the statement runs, after all waiting. When it throws, the statement
 * does not run.
 */
export type LateValues = readonly unknown[] | (() => readonly unknown[]);

export const readValues = (values: LateValues): readonly unknown[] =>
  typeof values === 'function' ? values() : values;

/** How a write becomes durable, which differs between the two databases. */
export interface Writer {
  execute<Row>(sql: string, parameters: LateValues): Promise<WriteResult<Row>>;
  /** Runs a statement of an open transaction. */
  executeInTransaction<Row>(
    transaction: EntityManager,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<WriteResult<Row>>;
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
}

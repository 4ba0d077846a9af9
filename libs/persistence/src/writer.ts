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

/**
 * The values of `$1, $2 …`. A function is called right before the statement runs, after all waiting. When it throws, the statement
 * does not run.
 */
export type LateValues = readonly unknown[] | (() => readonly unknown[]);

/** Nothing was changed. */
export const UNDECIDED = { affected: 0, rows: [] };

export const readValues = (values: LateValues): readonly unknown[] =>
  typeof values === 'function' ? values() : values;

/**
 * Changes that one statement decides, for {@link UnitOfWork.decide}. The texts depend on constants of the program only.
 */
export interface Decision {
  /** Locks rows with `NOWAIT`. The next statement sees what was committed before. */
  readonly lock: SqlStatement;
  /** `UPDATE … RETURNING …`, whose row is the condition of all changes. It names each row that it locks with `NOWAIT`. */
  readonly claim: SqlStatement;
  /**
   * Inserts without a condition of their own, whose values may be columns of `claimed`, and statements with the condition
   * `FROM claimed`. The result of the last one is returned.
   */
  readonly changes: readonly SqlStatement[];
}

/** An open transaction. */
export interface Transaction {
  /** For statements by TypeORM. */
  readonly manager: EntityManager;
  execute<Row>(sql: string, parameters: readonly unknown[]): Promise<WriteResult<Row>>;
  executeAll(statements: readonly SqlStatement[]): Promise<WriteResult<unknown>[]>;
  /** Runs the statement right before the commit. */
  defer(statement: SqlStatement): void;
}

/** How a write becomes durable, which differs between the two databases. */
export interface Writer {
  execute<Row>(sql: string, parameters: LateValues): Promise<WriteResult<Row>>;
  /** Runs the statements as one transaction. */
  executeAll(statements: readonly SqlStatement[]): Promise<WriteResult<unknown>[]>;
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** @see UnitOfWork.decide */
  decide<Row>(build: () => Decision): Promise<WriteResult<Row>>;
}

import type { EntityManager, QueryRunner } from 'typeorm';

export interface Written<Row> {
  /** Rows that the statement inserted, changed or deleted. */
  readonly affected: number;
  /** What `RETURNING` gave back. */
  readonly rows: Row[];
}

/** What the two databases do differently: how a write becomes durable. */
export interface Writer {
  execute<Row>(sql: string, parameters: readonly unknown[]): Promise<Written<Row>>;
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
}

/** Runs a statement on a connection that is at hand already. */
export async function writtenOn<Row>(
  runner: QueryRunner,
  sql: string,
  values: unknown[],
): Promise<Written<Row>> {
  const { records, affected } = await runner.query(sql, values, true);
  return { affected: affected ?? records.length, rows: records };
}

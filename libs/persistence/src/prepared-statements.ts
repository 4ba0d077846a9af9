import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { toAvailabilityError } from './database-unavailable.exception.js';
import type { WriteResult } from './writer.js';

/** Narrows the loose driver type of TypeORM. */
export function getPool(dataSource: DataSource): pg.Pool {
  const { driver } = dataSource;
  if (!('master' in driver)) throw new Error('not a PostgreSQL data source');
  return driver.master as pg.Pool;
}

/**
 * Runs a statement that PostgreSQL parses and plans once per connection. TypeORM's query runner sends the text for parsing each
 * time, which costs a transaction a quarter of its throughput.
 */
export async function runPrepared<Row>(
  pool: pg.Pool,
  text: string,
  values: readonly unknown[],
): Promise<WriteResult<Row>> {
  try {
    return toWriteResult(await pool.query(nameStatement(text, values)));
  } catch (error) {
    throw toAvailabilityError(error);
  }
}

export const toWriteResult = <Row>({ rows, rowCount }: pg.QueryResult): WriteResult<Row> => ({
  affected: rowCount ?? rows.length,
  rows,
});

/** A text with more parameters was generated for a number of rows and will not occur again, so it gets no name. */
const MAX_NAMED_PARAMETERS = 40;

export function nameStatement(text: string, values: readonly unknown[]): pg.QueryConfig {
  const isConstant = values.length <= MAX_NAMED_PARAMETERS;
  return { ...(isConstant && { name: getStatementName(text) }), text, values: [...values] };
}

/** The texts are constants of the program, so the number of names is bounded. */
const statementNames = new Map<string, string>();

function getStatementName(text: string): string {
  let name = statementNames.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('hex').slice(0, 32);
    statementNames.set(text, name);
  }
  return name;
}

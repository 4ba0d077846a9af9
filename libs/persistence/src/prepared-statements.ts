import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { getErrorCode, toAvailabilityError } from './database-unavailable.exception.js';
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
  const statement = nameStatement(text, values);
  try {
    return toWriteResult(await pool.query(statement).catch(retryUnnamed(pool, statement)));
  } catch (error) {
    throw toAvailabilityError(error);
  }
}

/** A migration has changed the type of a column since this connection prepared the statement. Nothing was executed. */
const CHANGED_RESULT_TYPE = '0A000';

const retryUnnamed =
  (pool: pg.Pool, { name, ...unnamed }: pg.QueryConfig) =>
  (error: unknown): Promise<pg.QueryResult> => {
    if (name === undefined || getErrorCode(error) !== CHANGED_RESULT_TYPE) throw error;
    return pool.query(unnamed);
  };

/** @returns a function that reads rows */
export function createPostgresQuery(dataSource: DataSource) {
  const pool = getPool(dataSource);
  return async (sql: string, parameters: readonly unknown[]): Promise<unknown[]> =>
    (await runPrepared(pool, sql, parameters)).rows;
}

export const toWriteResult = <Row>({ rows, rowCount }: pg.QueryResult): WriteResult<Row> => ({
  affected: rowCount ?? rows.length,
  rows,
});

/** A text with more parameters was generated for a number of rows and will not occur again, so it gets no name. */
const MAX_NAMED_PARAMETERS = 40;

export function nameStatement(text: string, values: readonly unknown[]): pg.QueryConfig {
  const name = values.length <= MAX_NAMED_PARAMETERS ? getStatementName(text) : undefined;
  return { ...(name !== undefined && { name }), text, values: [...values] };
}

/** The texts are constants of the program. The limit is for a text that a mistake makes at run time. */
export const MAX_PREPARED_TEXTS = 1_000;
const statementNames = new Map<string, string>();

function getStatementName(text: string): string | undefined {
  let name = statementNames.get(text);
  if (name === undefined && statementNames.size < MAX_PREPARED_TEXTS) {
    name = createHash('sha256').update(text).digest('hex').slice(0, 32);
    statementNames.set(text, name);
  }
  return name;
}

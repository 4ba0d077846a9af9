import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { toAvailabilityError } from './database-unavailable.exception.js';
import type { WriteResult } from './writer.js';

/** TypeORM types its drivers loosely; here that is made good. */
export function getPool(dataSource: DataSource): pg.Pool {
  const { driver } = dataSource;
  if (!('master' in driver)) throw new Error('not a PostgreSQL data source');
  return driver.master as pg.Pool;
}

/** The connection that a transaction is on. */
export async function getTransactionConnection({
  queryRunner,
}: EntityManager): Promise<pg.PoolClient> {
  if (!queryRunner) throw new Error('not in a transaction');
  return (await queryRunner.connect()) as pg.PoolClient;
}

/** More than a row has columns: the text was written for a number of rows, and the next one will be another. */
const MAX_NAMED_PARAMETERS = 40;

/**
 * A statement that PostgreSQL parses and plans once per connection. TypeORM's query runner would send the text to be
 * parsed each time, which costs a transaction a quarter of its throughput.
 */
export async function runPrepared<Row>(
  connection: pg.Pool | pg.PoolClient,
  text: string,
  values: readonly unknown[],
): Promise<WriteResult<Row>> {
  const isConstant = values.length <= MAX_NAMED_PARAMETERS;
  const statement = {
    ...(isConstant && { name: getStatementName(text) }),
    text,
    values: [...values],
  };
  try {
    const { rows, rowCount } = await connection.query(statement);
    return { affected: rowCount ?? rows.length, rows };
  } catch (error) {
    throw toAvailabilityError(error);
  }
}

/** The texts are constants of the program, so there are as many names as it has texts. */
const statementNames = new Map<string, string>();

function getStatementName(text: string): string {
  let name = statementNames.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('hex').slice(0, 32);
    statementNames.set(text, name);
  }
  return name;
}

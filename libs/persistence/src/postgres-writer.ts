import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import {
  DatabaseUnavailableException,
  getErrorCode,
  toAvailabilityError,
} from './database-unavailable.exception.js';
import { type LateValues, readValues, type Writer, type WriteResult } from './writer.js';

const DEADLOCK = '40P01';
const MAX_ATTEMPTS = 5;

/**
 * PostgreSQL needs no queue: each statement commits by itself, and each transaction has a separate connection. When transactions
 * deadlock, PostgreSQL rolls one back, and this class runs it again.
 */
export class PostgresWriter implements Writer {
  constructor(private readonly dataSource: DataSource) {}

  execute<Row>(sql: string, parameters: LateValues): Promise<WriteResult<Row>> {
    return retryOnDeadlock(() =>
      runPrepared(getPool(this.dataSource), sql, readValues(parameters)),
    );
  }

  async executeInTransaction<Row>(
    transaction: EntityManager,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<WriteResult<Row>> {
    return runPrepared(await getTransactionConnection(transaction), sql, parameters);
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return retryOnDeadlock(() => this.dataSource.transaction(work));
  }
}

/** @throws {DatabaseUnavailableException} after the last attempt */
async function retryOnDeadlock<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (getErrorCode(error) !== DEADLOCK) throw error;
      if (attempts === MAX_ATTEMPTS) throw new DatabaseUnavailableException(error);
    }
  }
}

/** Narrows the loose driver type of TypeORM. */
export function getPool(dataSource: DataSource): pg.Pool {
  const { driver } = dataSource;
  if (!('master' in driver)) throw new Error('not a PostgreSQL data source');
  return driver.master as pg.Pool;
}

/** The connection of a transaction. */
async function getTransactionConnection({ queryRunner }: EntityManager): Promise<pg.PoolClient> {
  if (!queryRunner) throw new Error('not in a transaction');
  return (await queryRunner.connect()) as pg.PoolClient;
}

/** A text with more parameters was generated for a number of rows and will not occur again, so it gets no name. */
const MAX_NAMED_PARAMETERS = 40;

/**
 * Runs a statement that PostgreSQL parses and plans once per connection. TypeORM's query runner sends the text for parsing each
 * time, which costs a transaction a quarter of its throughput.
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

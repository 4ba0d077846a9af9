import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { inWordsOfAvailability } from './database-unavailable.js';

/** TypeORM types its drivers loosely; this is the one place where that is made good. */
export function poolOf(dataSource: DataSource): pg.Pool {
  const { driver } = dataSource;
  if (!('master' in driver)) throw new Error('not a PostgreSQL data source');
  return driver.master as pg.Pool;
}

/**
 * A statement that PostgreSQL parses and plans once per connection. For the few that every request makes; TypeORM's
 * query runner would send the text each time.
 */
export function prepared<Row extends pg.QueryResultRow>(dataSource: DataSource, text: string) {
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return async (values: unknown[]): Promise<Row[]> => {
    try {
      return (await poolOf(dataSource).query<Row>({ name, text, values })).rows;
    } catch (error) {
      throw inWordsOfAvailability(error);
    }
  };
}

import type { DataSource } from 'typeorm';
import { type DatabaseSettings, isPostgres } from './database-settings.js';

/**
 * Applies pending migrations. Replicas that start together take turns: the first does the work under an advisory
 * lock, the others find it done.
 */
export async function migrate(dataSource: DataSource, settings: DatabaseSettings): Promise<void> {
  if (!isPostgres(settings)) {
    await dataSource.runMigrations({ transaction: 'all' });
    return;
  }
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock(hashtext($1))', [`migrate ${settings.name}`]);
    await lock.query(`CREATE SCHEMA IF NOT EXISTS "${settings.name}"`);
    await dataSource.runMigrations({ transaction: 'all' });
  } finally {
    await lock.query('SELECT pg_advisory_unlock_all()');
    await lock.release();
  }
}

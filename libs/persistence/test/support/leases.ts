import type { MigrationInterface, QueryRunner } from 'typeorm';
import { type Database, LEASE_TABLE, openDatabase } from '../../src/index.js';
import type { TestDatabase } from '../../testing/index.js';

class CreateLeases1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LEASE_TABLE);
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE lease');
  }
}

/** Opens a database that has the lease table. */
export const openLeaseDatabase = (at: TestDatabase): Promise<Database> =>
  openDatabase({
    ...at,
    name: 'jobs',
    entities: [],
    migrations: [CreateLeases1700000000000],
    migrate: true,
  });

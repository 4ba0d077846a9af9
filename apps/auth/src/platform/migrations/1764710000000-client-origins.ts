import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Origins of clients in browsers, status indexes that were replaced, and accounts that were erased. */
export class ClientOrigins1764710000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `ALTER TABLE client ADD COLUMN allowed_origins varchar(4000) NOT NULL DEFAULT ''`,
  // The index of a client changes when it is enabled again or may do less. Tokens with the old index stay revoked.
  `CREATE TABLE revoked_status_index (
    status_index bigint NOT NULL PRIMARY KEY,
    revoked_at   bigint NOT NULL
  )`,
  'CREATE INDEX revoked_status_index_by_time ON revoked_status_index (revoked_at)',
  // The row of an erased account has no personal data. It stays as long as other rows refer to it.
  'ALTER TABLE account ADD COLUMN erased_at bigint',
  'CREATE INDEX erased_account ON account (erased_at) WHERE erased_at IS NOT NULL',
];

const DOWN = [
  'DROP INDEX erased_account',
  'ALTER TABLE account DROP COLUMN erased_at',
  'DROP TABLE revoked_status_index',
  'ALTER TABLE client DROP COLUMN allowed_origins',
];

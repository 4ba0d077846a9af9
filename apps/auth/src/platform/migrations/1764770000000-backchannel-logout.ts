import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Clients that receive logout tokens, and the tokens that wait for their delivery. */
export class BackchannelLogout1764770000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  'ALTER TABLE client ADD COLUMN backchannel_logout_uri varchar(2000)',
  // A row is deleted after its delivery. It has no foreign keys, because it may outlive the row of an erased account.
  `CREATE TABLE logout_delivery (
    session_id      varchar(22) NOT NULL PRIMARY KEY,
    client_id       varchar(64) NOT NULL,
    account_id      varchar(27) NOT NULL,
    created_at      bigint NOT NULL,
    attempts        integer NOT NULL,
    next_attempt_at bigint
  )`,
  'CREATE INDEX logout_deliveries_that_are_due ON logout_delivery (next_attempt_at)',
];

const DOWN = [
  'DROP TABLE logout_delivery',
  'ALTER TABLE client DROP COLUMN backchannel_logout_uri',
];

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Actions that wait until the owner of an e-mail address confirms them. Each row is also the outbox entry of its mail. */
export class EmailActions1764750000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE email_action');
  }
}

const UP = [
  // A new action replaces the previous one of the same kind and subject. The claim of an action deletes its row.
  `CREATE TABLE email_action (
    id              varchar(22)  NOT NULL PRIMARY KEY,
    kind            varchar(16)  NOT NULL,
    subject         varchar(254) NOT NULL,
    account_id      varchar(27)  REFERENCES account (id) ON DELETE CASCADE,
    email           varchar(254) NOT NULL,
    password_hash   varchar(255),
    language        varchar(8)   NOT NULL,
    attempts_left   integer      NOT NULL,
    created_at      bigint       NOT NULL,
    expires_at      bigint       NOT NULL,
    attempts        integer      NOT NULL,
    next_attempt_at bigint,
    UNIQUE (kind, subject)
  )`,
  'CREATE INDEX email_action_due ON email_action (next_attempt_at) WHERE next_attempt_at IS NOT NULL',
  'CREATE INDEX email_action_expiry ON email_action (expires_at)',
  'CREATE INDEX email_action_of_account ON email_action (account_id) WHERE account_id IS NOT NULL',
];

import { LEASE_TABLE } from '@gatehouse/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Devices and status list slots of sessions, states of signing keys, security events, and leases. No index contains a column
 * that a refresh changes, so that PostgreSQL rewrites only the row (heap-only tuples).
 */
export class SessionsKeysEvents1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  LEASE_TABLE,
  'ALTER TABLE account ADD COLUMN last_login_at bigint',
  'ALTER TABLE client ADD COLUMN refresh_idle_ttl integer',
  'ALTER TABLE client ADD COLUMN refresh_absolute_ttl integer',
  'ALTER TABLE client ADD COLUMN status_index bigint',
  'ALTER TABLE refresh_token_family ADD COLUMN user_agent varchar(255)',
  'ALTER TABLE refresh_token_family ADD COLUMN origin varchar(64)',
  'ALTER TABLE refresh_token_family ADD COLUMN status_index bigint',
  `CREATE INDEX living_family_by_account ON refresh_token_family (account_id) WHERE ended_at IS NULL`,
  `CREATE INDEX living_family_by_client ON refresh_token_family (client_id) WHERE ended_at IS NULL`,
  `CREATE INDEX ended_family ON refresh_token_family (ended_at, status_index) WHERE ended_at IS NOT NULL`,
  // When the key entered its state.
  'ALTER TABLE signing_key ADD COLUMN changed_at bigint NOT NULL DEFAULT 0',
  'UPDATE signing_key SET changed_at = created_at',
  `CREATE TABLE status_list (
    id         integer     NOT NULL PRIMARY KEY,
    next       integer     NOT NULL,
    seed       varchar(22) NOT NULL,
    created_at bigint      NOT NULL,
    filled_at  bigint
  )`,
  `CREATE TABLE security_event (
    id            varchar(22) NOT NULL PRIMARY KEY,
    at            bigint      NOT NULL,
    type          varchar(48) NOT NULL,
    account_id    varchar(27),
    detail        text        NOT NULL,
    seq           bigint,
    previous_hash varchar(43),
    hash          varchar(43)
  )`,
  'CREATE UNIQUE INDEX security_event_in_chain ON security_event (seq)',
  'CREATE INDEX security_event_not_in_chain ON security_event (at) WHERE seq IS NULL',
  `CREATE INDEX security_event_of_account ON security_event (account_id, seq) WHERE account_id IS NOT NULL`,
  `CREATE TABLE notification (
    id              varchar(22) NOT NULL PRIMARY KEY,
    account_id      varchar(27) NOT NULL REFERENCES account (id),
    kind            varchar(32) NOT NULL,
    detail          text        NOT NULL,
    created_at      bigint      NOT NULL,
    attempts        integer     NOT NULL,
    next_attempt_at bigint,
    sent_at         bigint
  )`,
  'CREATE INDEX notification_due ON notification (next_attempt_at) WHERE next_attempt_at IS NOT NULL',
];

const DOWN = [
  'DROP TABLE notification',
  'DROP TABLE security_event',
  'DROP TABLE status_list',
  'ALTER TABLE signing_key DROP COLUMN changed_at',
  'DROP INDEX ended_family',
  'DROP INDEX living_family_by_client',
  'DROP INDEX living_family_by_account',
  ...['status_index', 'origin', 'user_agent'].map(
    (column) => `ALTER TABLE refresh_token_family DROP COLUMN ${column}`,
  ),
  ...['status_index', 'refresh_absolute_ttl', 'refresh_idle_ttl'].map(
    (column) => `ALTER TABLE client DROP COLUMN ${column}`,
  ),
  'ALTER TABLE account DROP COLUMN last_login_at',
  'DROP TABLE lease',
];

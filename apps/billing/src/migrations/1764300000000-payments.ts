import { LEASE_TABLE } from '@gatehouse/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** States of invoices, and the payments that the provider is asked for. */
const STEPS = [
  `ALTER TABLE invoice ADD COLUMN state varchar(16) NOT NULL DEFAULT 'open'`,
  `ALTER TABLE invoice ADD COLUMN refunded_at bigint`,
  `UPDATE invoice SET state = 'paid' WHERE paid_at IS NOT NULL`,
  `CREATE INDEX invoices_by_time ON invoice (issued_at, currency, state, amount_minor)`,
  `CREATE TABLE payment (
    id              varchar(26)  NOT NULL PRIMARY KEY,
    invoice_id      varchar(26)  NOT NULL,
    movement        varchar(8)   NOT NULL,
    method          varchar(64)  NOT NULL,
    amount_minor    bigint       NOT NULL,
    currency        varchar(3)   NOT NULL,
    asked_by        text         NOT NULL,
    state           varchar(16)  NOT NULL,
    attempts        integer      NOT NULL,
    next_attempt_at bigint,
    created_at      bigint       NOT NULL,
    settled_at      bigint
  )`,
  `CREATE INDEX payments_of_an_invoice ON payment (invoice_id, created_at)`,
  `CREATE INDEX payments_that_are_pending ON payment (next_attempt_at)`,
  LEASE_TABLE,
];

const BACK = [
  'DROP TABLE lease',
  'DROP TABLE payment',
  'DROP INDEX invoices_by_time',
  'ALTER TABLE invoice DROP COLUMN refunded_at',
  'ALTER TABLE invoice DROP COLUMN state',
];

export class Payments1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const step of STEPS) await runner.query(step);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const step of BACK) await runner.query(step);
  }
}

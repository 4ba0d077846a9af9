import { LEASE_TABLE } from '@gatehouse/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** States and versions of orders, idempotency keys, and messages to billing. */
const STEPS = [
  `ALTER TABLE customer_order ADD COLUMN state varchar(16) NOT NULL DEFAULT 'placed'`,
  `ALTER TABLE customer_order ADD COLUMN version integer NOT NULL DEFAULT 1`,
  `UPDATE customer_order SET state = 'cancelled', version = 2 WHERE cancelled_at IS NOT NULL`,
  `CREATE INDEX orders_of_an_owner_in_a_state ON customer_order (owner, state, placed_at, id)`,
  `CREATE TABLE idempotency_key (
    subject     text         NOT NULL,
    request_key varchar(128) NOT NULL,
    fingerprint varchar(43)  NOT NULL,
    order_id    varchar(26)  NOT NULL,
    expires_at  bigint       NOT NULL,
    PRIMARY KEY (subject, request_key)
  )`,
  `CREATE INDEX idempotency_keys_by_end ON idempotency_key (expires_at)`,
  `CREATE TABLE invoice_delivery (
    order_id        varchar(26) NOT NULL PRIMARY KEY,
    customer        text        NOT NULL,
    amount_minor    bigint      NOT NULL,
    currency        varchar(3)  NOT NULL,
    attempts        integer     NOT NULL,
    next_attempt_at bigint,
    refusal         text
  )`,
  `CREATE INDEX invoice_deliveries_that_are_due ON invoice_delivery (next_attempt_at)`,
  // Orders of the previous version have no invoice yet. If one was issued by hand, billing returns that invoice.
  `INSERT INTO invoice_delivery (order_id, customer, amount_minor, currency, attempts, next_attempt_at)
   SELECT id, owner, total_minor, currency, 0, 0 FROM customer_order WHERE cancelled_at IS NULL`,
  LEASE_TABLE,
];

const BACK = [
  'DROP TABLE lease',
  'DROP TABLE invoice_delivery',
  'DROP TABLE idempotency_key',
  'DROP INDEX orders_of_an_owner_in_a_state',
  'ALTER TABLE customer_order DROP COLUMN version',
  'ALTER TABLE customer_order DROP COLUMN state',
];

export class OrderLifecycle1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const step of STEPS) await runner.query(step);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const step of BACK) await runner.query(step);
  }
}

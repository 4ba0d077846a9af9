import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A table separate from `invoice_delivery`, because a replica of the previous version would deliver a cancellation as an
 * invoice.
 */
const STEPS = [
  `CREATE TABLE cancellation_delivery (
    order_id        varchar(26) NOT NULL PRIMARY KEY,
    customer        text        NOT NULL,
    amount_minor    bigint      NOT NULL,
    currency        varchar(3)  NOT NULL,
    attempts        integer     NOT NULL,
    next_attempt_at bigint,
    refusal         text
  )`,
  `CREATE INDEX cancellation_deliveries_that_are_due ON cancellation_delivery (next_attempt_at)`,
  // The invoices of orders that were cancelled before this version are still open.
  `INSERT INTO cancellation_delivery (order_id, customer, amount_minor, currency, attempts, next_attempt_at)
   SELECT id, owner, total_minor, currency, 0, 0 FROM customer_order WHERE cancelled_at IS NOT NULL`,
];

export class Cancellations1764600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const step of STEPS) await runner.query(step);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE cancellation_delivery');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Plain SQL that both SQLite and PostgreSQL accept. Instants are epoch milliseconds. */
export class Invoices1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE invoice (
        id           varchar(26)  NOT NULL PRIMARY KEY,
        customer     varchar(255) NOT NULL,
        order_id     varchar(64)  NOT NULL,
        amount_minor bigint       NOT NULL,
        currency     varchar(3)   NOT NULL,
        issued_at    bigint       NOT NULL,
        paid_at      bigint,
        CONSTRAINT "one_invoice_per_order" UNIQUE (order_id)
      )`);
    await runner.query(`
      CREATE INDEX invoices_of_a_customer ON invoice (customer, issued_at, id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE invoice');
  }
}

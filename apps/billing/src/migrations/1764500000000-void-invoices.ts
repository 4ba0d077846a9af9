import type { MigrationInterface, QueryRunner } from 'typeorm';

export class VoidInvoices1764500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE invoice ADD COLUMN voided_at bigint');
  }

  /** Void invoices stay void, because a customer could pay them if they were open again. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE invoice DROP COLUMN voided_at');
  }
}

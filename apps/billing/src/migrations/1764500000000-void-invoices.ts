import type { MigrationInterface, QueryRunner } from 'typeorm';

export class VoidInvoices1764500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE invoice ADD COLUMN voided_at bigint');
  }

  /** The version before knows no such state: who opened such an invoice again would have it paid. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE invoice DROP COLUMN voided_at');
  }
}

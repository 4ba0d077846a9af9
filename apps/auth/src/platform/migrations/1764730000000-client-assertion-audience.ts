import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What `aud` of a client assertion may be. */
export class ClientAssertionAudience1764730000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE client ADD COLUMN assertion_audience varchar(16) NOT NULL DEFAULT 'issuer'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE client DROP COLUMN assertion_audience');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Clients that may send a `nonce` instead of PKCE. Existing clients keep their rule. `require_pkce` is 1 for such a client, so that
 * a replica of the previous version, which does not read the new column, requires PKCE.
 */
export class ClientPkce1764740000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE client ADD COLUMN nonce_replaces_pkce integer NOT NULL DEFAULT 0',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE client DROP COLUMN nonce_replaces_pkce');
  }
}

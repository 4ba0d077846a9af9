import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Options of clients, and room for a `nonce` of 4,096 characters. */
export class ClientOptions1764720000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  // An access token is either for an API or for userinfo.
  'ALTER TABLE client ADD COLUMN separate_tokens integer NOT NULL DEFAULT 0',
  // ID tokens have only the claims that the client requested by name.
  'ALTER TABLE client ADD COLUMN lean_id_tokens integer NOT NULL DEFAULT 0',
  // A nonce of more than 1,000 characters. The type of the column `nonce` stays, because replicas of the previous version have
  // prepared statements that select it.
  'ALTER TABLE authorization_code ADD COLUMN long_nonce text',
];

const DOWN = [
  'ALTER TABLE authorization_code DROP COLUMN long_nonce',
  'ALTER TABLE client DROP COLUMN lean_id_tokens',
  'ALTER TABLE client DROP COLUMN separate_tokens',
];

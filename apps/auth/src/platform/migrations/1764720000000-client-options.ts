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

/** SQLite cannot change the type of a column, so a new column takes the place of the old one. */
const changeNonceTo = (type: string): readonly string[] => [
  `ALTER TABLE authorization_code ADD COLUMN new_nonce ${type}`,
  'UPDATE authorization_code SET new_nonce = substr(nonce, 1, 1000) WHERE nonce IS NOT NULL',
  'ALTER TABLE authorization_code DROP COLUMN nonce',
  'ALTER TABLE authorization_code RENAME COLUMN new_nonce TO nonce',
];

const UP = [
  // An access token is either for an API or for userinfo.
  'ALTER TABLE client ADD COLUMN separate_tokens integer NOT NULL DEFAULT 0',
  // ID tokens have only the claims that the client requested by name.
  'ALTER TABLE client ADD COLUMN lean_id_tokens integer NOT NULL DEFAULT 0',
  ...changeNonceTo('text'),
];

const DOWN = [
  ...changeNonceTo('varchar(1000)'),
  'ALTER TABLE client DROP COLUMN lean_id_tokens',
  'ALTER TABLE client DROP COLUMN separate_tokens',
];

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Roles of accounts, and invitations to register. */
export class Roles1764700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `CREATE TABLE account_role (
    account_id varchar(27) NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    role       varchar(64) NOT NULL,
    granted_at bigint      NOT NULL,
    PRIMARY KEY (account_id, role)
  )`,
  // One row per e-mail address: a new invitation replaces the previous one, and its use deletes it.
  `CREATE TABLE invitation (
    email      varchar(254) NOT NULL PRIMARY KEY,
    code_hash  varchar(43)  NOT NULL UNIQUE,
    created_at bigint       NOT NULL,
    expires_at bigint       NOT NULL
  )`,
];

const DOWN = ['DROP TABLE invitation', 'DROP TABLE account_role'];

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Plain SQL that SQLite and PostgreSQL both execute. Instants are epoch milliseconds. */
export class FirstTables1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE account (
        id            varchar(27)  NOT NULL PRIMARY KEY,
        email         varchar(254) NOT NULL UNIQUE,
        password_hash varchar(255) NOT NULL,
        created_at    bigint       NOT NULL,
        disabled_at   bigint
      )`);
    await runner.query(`
      CREATE TABLE client (
        id               varchar(64)   NOT NULL PRIMARY KEY,
        auth_method      varchar(32)   NOT NULL,
        secret_hashes    varchar(255)  NOT NULL,
        grant_types      varchar(255)  NOT NULL,
        scope            varchar(2000) NOT NULL,
        access_token_ttl integer,
        created_at       bigint        NOT NULL,
        disabled_at      bigint
      )`);
    await runner.query(`
      CREATE TABLE refresh_token_family (
        id                  varchar(22)   NOT NULL PRIMARY KEY,
        account_id          varchar(27)   NOT NULL REFERENCES account (id),
        client_id           varchar(64)   NOT NULL REFERENCES client (id),
        scope               varchar(2000) NOT NULL,
        resource            varchar(2000) NOT NULL,
        generation          integer       NOT NULL,
        rotated_at          bigint        NOT NULL,
        created_at          bigint        NOT NULL,
        idle_expires_at     bigint        NOT NULL,
        absolute_expires_at bigint        NOT NULL,
        ended_at            bigint,
        end_reason          varchar(32)
      )`);
    await runner.query(`
      CREATE TABLE signing_key (
        kid                   varchar(43) NOT NULL PRIMARY KEY,
        algorithm             varchar(8)  NOT NULL,
        state                 varchar(16) NOT NULL,
        encrypted_private_key text        NOT NULL,
        created_at            bigint      NOT NULL
      )`);
    await runner.query(`
      CREATE UNIQUE INDEX one_key_per_algorithm_and_state ON signing_key (algorithm, state)
      WHERE state IN ('pending', 'active')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['signing_key', 'refresh_token_family', 'client', 'account']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}

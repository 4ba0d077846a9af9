import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Plain SQL that both SQLite and PostgreSQL accept. Instants are epoch milliseconds. */
export class Orders1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE customer_order (
        id           varchar(26) NOT NULL PRIMARY KEY,
        owner        text        NOT NULL,
        items        text        NOT NULL,
        currency     varchar(3)  NOT NULL,
        total_minor  bigint      NOT NULL,
        placed_at    bigint      NOT NULL,
        cancelled_at bigint
      )`);
    await runner.query(`
      CREATE INDEX orders_of_an_owner ON customer_order (owner, placed_at, id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE customer_order');
  }
}

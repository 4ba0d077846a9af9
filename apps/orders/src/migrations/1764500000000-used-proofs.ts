import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The id is a digest of 43 characters, because a client chooses how long the `jti` of a proof is. */
export class UsedProofs1764500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE used_proof (
        id         varchar(43) NOT NULL PRIMARY KEY,
        expires_at bigint      NOT NULL
      )`);
    await runner.query('CREATE INDEX used_proofs_by_end ON used_proof (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE used_proof');
  }
}

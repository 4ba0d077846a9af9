import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The sessions that the authorization server has ended by a logout token. Instants are epoch milliseconds. */
export class EndedSessions1764790000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ended_session (
        id         varchar(43) NOT NULL PRIMARY KEY,
        sid        text        NOT NULL,
        expires_at bigint      NOT NULL
      )`);
    await runner.query('CREATE INDEX ended_sessions_by_sid ON ended_session (sid)');
    await runner.query('CREATE INDEX ended_sessions_by_expiry ON ended_session (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE ended_session');
  }
}

import { LEASE_TABLE } from '@gatehouse/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const SIGN_OUTS = ['shop_sign_out', 'back_office_sign_out'];

/** Plain SQL that both SQLite and PostgreSQL accept. Instants are epoch milliseconds. */
export class WebSessions1764780000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LEASE_TABLE);
    await runner.query(`
      CREATE TABLE web_session (
        id            varchar(43) NOT NULL PRIMARY KEY,
        tool          varchar(16) NOT NULL,
        sub           text        NOT NULL,
        sid           text        NOT NULL,
        created_at    bigint      NOT NULL,
        used_at       bigint      NOT NULL,
        expires_at    bigint      NOT NULL,
        payload       text        NOT NULL,
        version       integer     NOT NULL,
        claim         varchar(43),
        claimed_until bigint
      )`);
    await runner.query(
      `CREATE INDEX web_sessions_of_an_account ON web_session (sub, tool, created_at)`,
    );
    await runner.query(`CREATE INDEX web_sessions_by_sid ON web_session (sid)`);
    await runner.query(`CREATE INDEX web_sessions_by_expiry ON web_session (expires_at)`);
    for (const table of SIGN_OUTS) {
      await runner.query(`
        CREATE TABLE ${table} (
          id              varchar(43) NOT NULL PRIMARY KEY,
          payload         text        NOT NULL,
          expires_at      bigint      NOT NULL,
          attempts        integer     NOT NULL,
          next_attempt_at bigint
        )`);
      await runner.query(`CREATE INDEX ${table}_due ON ${table} (next_attempt_at)`);
      await runner.query(`CREATE INDEX ${table}_expiry ON ${table} (expires_at)`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [...SIGN_OUTS, 'web_session', 'lease'])
      await runner.query(`DROP TABLE ${table}`);
  }
}

import pg from 'pg';
import { DatabaseConfigurationError, openDatabase, runMigrations } from '../../src/index.js';
import { migrate } from '../../src/migrate.js';
import {
  isPgBouncerInstalled,
  type PostgresServer,
  startPgBouncer,
  startPostgres,
} from '../../testing/index.js';
import { CreateNotes1700000000000, noteDatabaseSettings, openNotes } from '../support/notes.js';

let server: PostgresServer;
let count = 0;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const freshUrl = () => server.createDatabase(`migrate_${(count += 1)}`);
const settingsFor = (databaseUrl: string) => noteDatabaseSettings({ databaseUrl, dataDir: '' });

async function connected(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  return client;
}

/** A user that owns the schema and may not create others. */
async function asRestrictedUser(databaseUrl: string): Promise<string> {
  const owner = await connected(databaseUrl);
  const role = `restricted_${count}`;
  await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  await owner.query(`CREATE SCHEMA notes AUTHORIZATION ${role}`);
  await owner.end();
  const url = new URL(databaseUrl);
  url.username = role;
  url.password = 'secret';
  return url.href;
}

describe('migrations on PostgreSQL', () => {
  it('run for a user without the right to create schemas when the schema exists', async () => {
    const databaseUrl = await asRestrictedUser(await freshUrl());
    expect(await runMigrations(settingsFor(databaseUrl))).toEqual(['CreateNotes1700000000000']);
    expect(await runMigrations(settingsFor(databaseUrl))).toEqual(['CreateNotes1700000000000']);
  });

  it('need no right to create anything when none is pending', async () => {
    const owner = await freshUrl();
    await runMigrations(settingsFor(owner));
    const client = await connected(owner);
    await client.query(`CREATE ROLE reader LOGIN PASSWORD 'secret'`);
    await client.query('GRANT USAGE ON SCHEMA notes TO reader');
    await client.query('GRANT SELECT ON ALL TABLES IN SCHEMA notes TO reader');
    await client.end();
    const url = new URL(owner);
    url.username = 'reader';
    url.password = 'secret';
    expect(await runMigrations(settingsFor(url.href))).toHaveLength(1);
  });

  it("report PostgreSQL's words, its code and the missing right", async () => {
    const url = new URL(await freshUrl());
    const owner = await connected(url.href);
    await owner.query(`CREATE ROLE stranger LOGIN PASSWORD 'secret'`);
    await owner.end();
    url.username = 'stranger';
    url.password = 'secret';
    const failure: unknown = await runMigrations(settingsFor(url.href)).catch((error) => error);
    expect(failure).toBeInstanceOf(DatabaseConfigurationError);
    expect(String(failure)).toMatch(
      /The migration of notes failed, PostgreSQL 127\.0\.0\.1:\d+\/migrate_\d+ \(DATABASE_URL\): permission denied for database migrate_\d+ \(42501\)\. Grant/,
    );
    expect(String(failure)).not.toContain('secret@');
  });

  it('wait for the lock of another process, name it every ten seconds, and then run', async () => {
    const databaseUrl = await freshUrl();
    const other = await connected(`${databaseUrl}?application_name=release-41`);
    await other.query(`SELECT pg_advisory_lock(hashtext('migrate notes'))`);
    let report!: (text: string) => void;
    const reported = new Promise<string>((resolve) => (report = resolve));
    const running = migrate(settingsFor(databaseUrl), report);
    expect(await reported).toMatch(
      /The migration of notes waits for process \d+ of PostgreSQL .*"release-41".*pg_advisory_lock/,
    );
    await other.end();
    expect(await running).toEqual(['CreateNotes1700000000000']);
  }, 30_000);

  it('run without the statement timeout of the role', async () => {
    const databaseUrl = await freshUrl();
    const client = await connected(databaseUrl);
    await client.query(`CREATE ROLE hasty LOGIN PASSWORD 'secret'`);
    await client.query(`ALTER ROLE hasty SET statement_timeout = '100ms'`);
    await client.query(`CREATE SCHEMA notes AUTHORIZATION hasty`);
    await client.end();
    class SlowMigration1700000000001 extends CreateNotes1700000000000 {
      override async up(...[runner]: Parameters<CreateNotes1700000000000['up']>) {
        await super.up(runner);
        await runner.query('SELECT pg_sleep(0.5)');
      }
    }
    const url = new URL(databaseUrl);
    url.username = 'hasty';
    url.password = 'secret';
    const settings = { ...settingsFor(url.href), migrations: [SlowMigration1700000000001] };
    expect(await runMigrations(settings)).toEqual(['SlowMigration1700000000001']);
  });

  it('leave nothing behind when one of them fails', async () => {
    const databaseUrl = await freshUrl();
    class Broken1700000000002 extends CreateNotes1700000000000 {
      override async up(...[runner]: Parameters<CreateNotes1700000000000['up']>) {
        await runner.query('SELECT nothing');
      }
    }
    const settings = {
      ...settingsFor(databaseUrl),
      migrations: [CreateNotes1700000000000, Broken1700000000002],
    };
    await expect(runMigrations(settings)).rejects.toThrow(
      /column "nothing" does not exist \(42703\)/,
    );
    expect(await runMigrations(settingsFor(databaseUrl))).toEqual(['CreateNotes1700000000000']);
  });
});

const whenInstalled = isPgBouncerInstalled() ? describe : describe.skip;

describe('the time limit of a statement', () => {
  const TOO_LONG = 'SELECT pg_sleep(60)';

  it('uses the timeout of PostgreSQL on a direct connection, and lets the URL change it', async () => {
    const databaseUrl = await freshUrl();
    const database = await openNotes({ databaseUrl, dataDir: '' });
    const read = (from: typeof database) =>
      from.unitOfWork.query(`SELECT current_setting('statement_timeout') AS limit`);
    expect(await read(database)).toEqual([{ limit: '10s' }]);
    await database.close();
    const shorter = await openDatabase(settingsFor(`${databaseUrl}?statement_timeout=3000`));
    expect(await read(shorter)).toEqual([{ limit: '3s' }]);
    await shorter.close();
  });

  whenInstalled('through a pooler that refuses startup parameters', () => {
    it('ends a statement alone and a transaction with 503 after about ten seconds', async () => {
      const direct = await freshUrl();
      const pooler = await startPgBouncer(direct);
      const name = new URL(direct).pathname.slice(1);
      const database = await openNotes({ databaseUrl: pooler.urlOf(name), dataDir: '' });
      const { unitOfWork } = database;
      const outcomes = await Promise.all([
        unitOfWork.execute(TOO_LONG).catch((error) => error),
        unitOfWork.transaction(() => unitOfWork.execute(TOO_LONG)).catch((error) => error),
        unitOfWork
          .transaction(async () => unitOfWork.executeWithCommit(TOO_LONG))
          .catch((error) => error),
      ]);
      expect(outcomes).toMatchObject([{ status: 503 }, { status: 503 }, { status: 503 }]);
      expect(String(outcomes[1].cause)).toContain('statement timeout');
      await database.close();
      await pooler.stop();
    }, 40_000);
  });
});

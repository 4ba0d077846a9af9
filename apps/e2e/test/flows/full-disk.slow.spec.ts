import pg from 'pg';
import { type PostgresServer, startPostgres } from '@gatehouse/persistence/testing';
import { AppProcess } from '../support/app-process.js';
import { aPerson, login, type Person, refresh, register } from '../support/auth-api.js';
import { cleanUpAfterTests } from '../support/cleanup.js';
import { type Answer, send } from '../support/http.js';
import { mountSmallDisk } from '../support/small-disk.js';
import { waitUntil } from '../support/wait-until.js';

const PEOPLE = 3;

interface User {
  readonly person: Person;
  token: string;
}

/** Something that lets no write succeed, and its end. */
interface Fault {
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

describe('a database that cannot write', () => {
  it('answers 503 on a full disk under SQLite, with one log line, and loses nothing', async () => {
    const disk = await mountSmallDisk(12);
    if (!disk) return;
    const auth = await AppProcess.create('auth', { DATA_DIR: disk.folder });
    await expectOutage(auth, { begin: () => disk.fill(), end: () => disk.free() });
  }, 90_000);

  it('answers 503 on a full disk under PostgreSQL (SQLSTATE 53100), with one log line, and loses nothing', async () => {
    const disk = await mountSmallDisk(64);
    if (!disk) return;
    const server = await aServer();
    disk.giveTo('postgres');
    const url = await server.createDatabase('other');
    await run(url, `CREATE TABLESPACE small LOCATION '${disk.folder}'`);
    await run(url, 'CREATE DATABASE small TABLESPACE small');
    const auth = await AppProcess.create('auth', { DATABASE_URL: server.urlOf('small') });
    await expectOutage(auth, { begin: () => disk.fill(), end: () => disk.free() });
  }, 90_000);

  it('answers 503 while PostgreSQL is read-only (SQLSTATE 25006), with one log line, and loses nothing', async () => {
    const server = await aServer();
    const url = await server.createDatabase('readonly');
    const auth = await AppProcess.create('auth', { DATABASE_URL: url });
    const setReadOnly = (value: 'on' | 'off') => async () => {
      await run(
        server.urlOf('postgres'),
        `ALTER DATABASE readonly SET default_transaction_read_only = ${value}`,
      );
      await run(
        server.urlOf('postgres'),
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'readonly'`,
      );
    };
    await expectOutage(auth, { begin: setReadOnly('on'), end: setReadOnly('off') });
  }, 90_000);
});

async function expectOutage(auth: AppProcess, fault: Fault): Promise<void> {
  await auth.start();
  const users = await Promise.all(Array.from({ length: PEOPLE }, () => aUser(auth.url)));
  const before = auth.output.length;

  await fault.begin();
  const refused: Answer[] = [];
  // The database may have room for some more rows.
  await waitUntil('writes fail', async () => {
    refused.push(...(await tryAll(auth.url, users)));
    return refused.length >= 60;
  });
  const faults = auth.output
    .slice(before)
    .split('\n')
    .filter((line) => line.includes('unhandled'));
  expect(faults).toEqual([]);
  for (const { status, body, headers } of refused) {
    expect({ status, body }).toMatchObject({
      status: 503,
      body: { error: 'temporarily_unavailable' },
    });
    expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  }
  expect((await send(`${auth.url}/health/ready`)).status).toBe(503);
  expect((await send(`${auth.url}/health/live`)).status).toBe(200);

  await fault.end();
  await waitUntil('the app is ready', async () => {
    return (await send(`${auth.url}/health/ready`)).status === 200;
  });
  for (const { person, token } of users) {
    expect((await refresh(auth.url, token)).status).toBe(200);
    expect((await login(auth.url, person)).status).toBe(200);
  }
  const log = auth.output.slice(before);
  expect(log).not.toMatch(/"stack"|unhandled|\n\s+at /);
  const causes = log.match(/The database cannot be used: .*\((53100|25006|SQLITE_FULL)\)/g);
  expect(causes).toHaveLength(1);
  expect(log.length).toBeLessThan(10_000);
}

/** @returns the refusals; a user keeps the token of a refresh that succeeded */
async function tryAll(auth: string, users: readonly User[]): Promise<Answer[]> {
  const answers = await Promise.all(
    users.map(async (user) => {
      const [refreshed, loggedIn] = await Promise.all([
        refresh(auth, user.token),
        login(auth, user.person),
      ]);
      if (refreshed.status === 200) user.token = String(refreshed.body['refresh_token']);
      return [refreshed, loggedIn];
    }),
  );
  return answers.flat().filter(({ status }) => status !== 200);
}

async function aUser(auth: string): Promise<User> {
  const person = aPerson();
  await register(auth, person);
  const { body } = await login(auth, person);
  return { person, token: String(body['refresh_token']) };
}

async function aServer(): Promise<PostgresServer> {
  const server = await startPostgres();
  cleanUpAfterTests(() => server.stop());
  return server;
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(sql);
  await client.end();
}

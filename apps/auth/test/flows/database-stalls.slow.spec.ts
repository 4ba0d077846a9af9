import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Database, LeaseRepository, Scheduler } from '@gatehouse/persistence';
import { type PostgresServer, startPostgres } from '@gatehouse/persistence/testing';
import { Clock } from '@gatehouse/service-kit';
import { readResponse, type TestResponse } from '@gatehouse/service-kit/testing';
import { DatabaseClock } from '../../src/platform/database-clock.js';
import { openAuthDatabase } from '../support/auth-database.js';
import { AuthProcess } from '../support/auth-process.js';
import { ISSUER, PASSWORD } from '../support/test-auth.js';
import { lockOnPostgres } from '../support/writer-lock.js';

const STALL_SECONDS = 13;
const SESSIONS = 8;

let postgres: PostgresServer;
let databaseUrl: string;
let replicas: readonly AuthProcess[];
let database: Database;

beforeAll(async () => {
  postgres = await startPostgres();
  databaseUrl = await postgres.createDatabase('auth');
  const settings = {
    ISSUER,
    DATABASE_URL: databaseUrl,
    SERVER_SECRET: randomBytes(32).toString('base64url'),
    RATE_LIMITS: 'off',
    LOGIN_DELAYS: 'false',
  };
  replicas = await Promise.all([AuthProcess.start(settings), AuthProcess.start(settings)]);
  database = await openAuthDatabase({ databaseUrl, dataDir: '' });
}, 60_000);
afterAll(async () => {
  await database.close();
  await Promise.all(replicas.map((replica) => replica.stop()));
  await postgres.stop();
});

const urlOf = (replica: number): string => replicas[replica % 2]?.url ?? '';

async function post(url: string, body: unknown, signal?: AbortSignal): Promise<TestResponse> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  return readResponse(await fetch(url, signal ? { ...init, signal } : init));
}

async function logIn(): Promise<string> {
  const person = {
    email: `${randomBytes(6).toString('hex')}@gatehouse.example`,
    password: PASSWORD,
  };
  await post(`${urlOf(0)}/auth/register`, person);
  const { body } = await post(`${urlOf(0)}/auth/login`, person);
  return body['refresh_token'] ?? '';
}

const logInOften = async (count = SESSIONS): Promise<string[]> => {
  const tokens: string[] = [];
  while (tokens.length < count) tokens.push(await logIn());
  return tokens;
};

const refresh = (replica: number, refresh_token: string, signal?: AbortSignal) =>
  post(`${urlOf(replica)}/auth/refresh`, { refresh_token }, signal);

/** A client follows `Retry-After` of a 503 (RFC 9110 §15.6.4). */
async function refreshPatiently(replica: number, token: string): Promise<TestResponse> {
  for (;;) {
    const answer = await refresh(replica, token);
    const retryAfter = answer.headers.get('retry-after');
    if (answer.status !== 503 || retryAfter === null) return answer;
    await delay(Number(retryAfter) * 1000);
  }
}

/**
 * The client of a person with two tabs, of which the second wants a token a second later. It gets a 503 when background jobs have
 * taken the open connections, because PostgreSQL accepts no new one meanwhile.
 */
async function refreshInTwoTabs(replica: number, token: string): Promise<TestResponse[]> {
  const first = refreshPatiently(replica, token);
  await delay(1_000);
  return Promise.all([first, refreshPatiently(replica + 1, token)]);
}

/** A client that has one token, gives up after some seconds and asks again. */
async function refreshImpatiently(replica: number, token: string, seconds: number) {
  const signal = AbortSignal.timeout(seconds * 1000);
  const answer = await refresh(replica, token, signal).catch(() => undefined);
  return answer?.status === 200 ? answer : refreshPatiently(replica + 1, token);
}

const statusesOf = (answers: readonly TestResponse[]) => answers.map(({ status }) => status);
const successorOf = ({ body }: TestResponse): string => body['refresh_token'] ?? '';

const countEndedFamilies = async (): Promise<number> => {
  const sql = 'SELECT id FROM refresh_token_family WHERE ended_at IS NOT NULL';
  return (await database.unitOfWork.query(sql)).length;
};

describe.each([
  ['the refresh token table is locked', () => lockTable()],
  ['PostgreSQL stands still', () => postgres.freeze()],
])('while %s for 13 s', (_, stall) => {
  it('logs no user out who has two tabs, and gives both the same successor', async () => {
    const tokens = await logInOften();
    const pairs = await during(stall, () => tokens.map((token, n) => refreshInTwoTabs(n, token)));
    for (const pair of pairs) {
      expect(statusesOf(pair)).toEqual([200, 200]);
      expect(new Set(pair.map(successorOf)).size).toBe(1);
    }
    expect(await countEndedFamilies()).toBe(0);
  }, 60_000);

  it.each([8, 11])(
    'logs no user out whose client gives up after %d s and asks again with its only token',
    async (seconds) => {
      const tokens = await logInOften();
      const answers = await during(stall, () =>
        tokens.map((token, n) => refreshImpatiently(n, token, seconds)),
      );
      expect(statusesOf(answers)).toEqual(tokens.map(() => 200));
      expect(await countEndedFamilies()).toBe(0);
      const next = await Promise.all(answers.map((answer) => refresh(0, successorOf(answer))));
      expect(statusesOf(next)).toEqual(tokens.map(() => 200));
    },
    60_000,
  );
});

const lockTable = async () => {
  const lock = await lockOnPostgres(databaseUrl);
  return () => lock.release();
};

async function during<T>(
  stall: () => Promise<() => unknown>,
  begin: () => readonly Promise<T>[],
): Promise<T[]> {
  const end = await stall();
  const running = Promise.all(begin());
  await delay(STALL_SECONDS * 1000);
  await end();
  return running;
}

it('answers all of 16 waiting refreshes before a longer lock ends, each with 503 and Retry-After', async () => {
  const tokens = await logInOften(16);
  const lock = await lockOnPostgres(databaseUrl);
  const answers = await Promise.all(
    tokens.map(async (token, n) => {
      await delay(n * 100);
      return refresh(0, token);
    }),
  );
  await lock.release();
  expect(statusesOf(answers)).toEqual(tokens.map(() => 503));
  for (const { headers } of answers) expect(headers.get('retry-after')).toBe('1');
  expect(statusesOf(await Promise.all(tokens.map((token) => refresh(1, token))))).toEqual(
    tokens.map(() => 200),
  );
}, 60_000);

it('keeps the time of a replica when PostgreSQL stands still while its clock is read', async () => {
  const clock = new Clock();
  const { unitOfWork } = database;
  const scheduler = new Scheduler(new LeaseRepository(unitOfWork), { clock });
  await new DatabaseClock(unitOfWork, clock, scheduler).onModuleInit();
  const goOn = await postgres.freeze();
  const reading = scheduler.runNow('clock');
  await delay(4_000);
  goOn();
  await reading;
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
}, 30_000);

describe('a replica that stood still for 15 s', () => {
  const FROZEN_MS = 15_000;

  it('ends no session of clients that left for another replica, however often they refreshed there', async () => {
    const tokens = await logInOften();
    const goOn = replicas[0]?.freeze();
    const woken = delay(FROZEN_MS).then(() => goOn?.());
    const successors = tokens.map(async (token, n) => {
      await refresh(0, token, AbortSignal.timeout(2_000)).catch(() => undefined);
      const once = successorOf(await refresh(1, token));
      return n % 2 ? once : successorOf(await refresh(1, once));
    });
    const current = await Promise.all(successors);
    await woken;
    expect(statusesOf(await Promise.all(current.map((token) => refresh(0, token))))).toEqual(
      tokens.map(() => 200),
    );
    expect(await countEndedFamilies()).toBe(0);
  }, 60_000);

  it('lets a client ask again whose connection a proxy kept open, because the age of the request is unknown', async () => {
    const tokens = await logInOften();
    const goOn = replicas[0]?.freeze();
    const woken = delay(FROZEN_MS).then(() => goOn?.());
    const kept = tokens.map((token) => refresh(0, token));
    const current = await Promise.all(
      tokens.map(async (token) => successorOf(await refresh(1, token))),
    );
    await woken;
    expect(statusesOf(await Promise.all(kept))).toEqual(tokens.map(() => 503));
    expect(statusesOf(await Promise.all(current.map((token) => refresh(0, token))))).toEqual(
      tokens.map(() => 200),
    );
    expect(await countEndedFamilies()).toBe(0);
  }, 60_000);
});

it('ends the family for a replay that arrives after the grace window, also after all these stalls', async () => {
  const stolen = await logIn();
  const current = successorOf(await refresh(0, stolen));
  await delay(10_500);
  expect(statusesOf([await refresh(1, stolen), await refresh(0, current)])).toEqual([400, 400]);
  expect(await countEndedFamilies()).toBe(1);
}, 30_000);

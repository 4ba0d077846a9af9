import { setTimeout as sleep } from 'node:timers/promises';
import { eachDatabase, type TestDatabase } from '@gatehouse/persistence/testing';
import { decodeJwt } from 'jose';
import { AppProcess } from '../support/app-process.js';
import { e2eConfig } from '../support/e2e.config.js';
import { readCreatedSessions, readFamilies, toSessionId } from '../support/auth-database.js';
import type { Answer } from '../support/http.js';
import { RefreshingClient } from '../support/refreshing-client.js';
import { seededRandom } from '../support/seeded-random.js';
import { aPerson, login, parseTokenPair, type Person, register } from '../support/auth-api.js';

const CLIENTS = 8;
const KILLS = 6;
/** On which one more person logs in again and again. */
const DEVICES = ['laptop', 'telephone'] as const;
/** Longer than the default: on a machine that is busy, starting again may take more of the window than a crash does. */
const REFRESH_GRACE_SECONDS = '30';

eachDatabase(`kill -9 of auth under load (E2E_SEED=${e2eConfig.seed})`, (fresh) => {
  it('keeps every session, every acknowledged rotation, and each login with its event or without both', async () => {
    const database = await fresh();
    const auth = await startAuth(database);
    const person = aPerson();
    await register(auth.url, person);
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, () => RefreshingClient.logIn(auth.url)),
    );

    const end = new AbortController();
    const load = clients.map((client) => client.refreshUntil(end.signal));
    const logins = DEVICES.map(() => logInUntil(end.signal, auth.url, person));
    await killRepeatedly(auth);
    end.abort();
    await Promise.all(load);
    const sessionIds = (await Promise.all(logins)).flat();
    const stepsUnderFire = clients.map(({ steps }) => steps);
    await Promise.all(clients.map((client) => client.refreshOnce()));

    expect(clients.map(({ refusal }) => refusal?.text)).toEqual(Array(CLIENTS).fill(undefined));
    expect(clients.map(({ steps }) => steps)).toEqual(stepsUnderFire.map((steps) => steps + 1));
    const rows = await readFamilies(toDatabaseLocation(database));
    const states = new Map(rows.map(({ id, ...state }) => [id, state]));
    expect(clients.map(({ familyId }) => states.get(familyId))).toEqual(
      clients.map(({ steps }) => ({ generation: steps, endReason: null })),
    );
    const begun = (await readCreatedSessions(toDatabaseLocation(database))).sort();
    expect(begun).toEqual(rows.map(({ id }) => toSessionId(id)).sort());
    expect(begun).toEqual(expect.arrayContaining(sessionIds));
    // Otherwise nothing was tested: every client met every crash, and moved on between them.
    expect(Math.min(...clients.map(({ losses }) => losses))).toBeGreaterThanOrEqual(KILLS);
    expect(Math.min(...stepsUnderFire)).toBeGreaterThanOrEqual(KILLS);
    expect(sessionIds).not.toEqual([]);
  });
});

/** @returns the `sid` of each login that was answered */
async function logInUntil(end: AbortSignal, auth: string, person: Person): Promise<string[]> {
  const sessionIds: string[] = [];
  while (!end.aborted) {
    const answer = await login(auth, person).catch(() => undefined);
    if (answer?.status === 200) sessionIds.push(readSessionId(answer));
    else await sleep(20);
  }
  return sessionIds;
}

const readSessionId = (answer: Answer): string =>
  String(decodeJwt(parseTokenPair(answer).accessToken)['sid']);

async function startAuth({ dataDir, databaseUrl }: TestDatabase): Promise<AppProcess> {
  const auth = await AppProcess.create('auth', {
    DATA_DIR: dataDir,
    SESSIONS_PER_ACCOUNT: '1000',
    REFRESH_GRACE_SECONDS,
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
  });
  return auth.start();
}

async function killRepeatedly(auth: AppProcess): Promise<void> {
  const random = seededRandom(e2eConfig.seed);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await sleep(50 + random() * 300);
    await auth.kill();
    await auth.start();
  }
}

const toDatabaseLocation = ({ dataDir, databaseUrl }: TestDatabase) =>
  databaseUrl === undefined ? { dataDir } : { databaseUrl };

import { setTimeout as sleep } from 'node:timers/promises';
import { type TestDatabase, eachDatabase } from '@gatehouse/persistence/testing';
import { AppProcess } from '../src/app-process.js';
import { e2eConfig } from '../src/e2e.config.js';
import { familiesOf } from '../src/families.js';
import { RefreshingClient } from '../src/refreshing-client.js';
import { seededRandom } from '../src/seeded-random.js';

const CLIENTS = 8;
const KILLS = 6;
/** Longer than the default: on a machine that is busy, starting again may take more of the window than a crash does. */
const REFRESH_GRACE_SECONDS = '30';

eachDatabase(`kill -9 of auth under refresh load (E2E_SEED=${e2eConfig.seed})`, (fresh) => {
  it('logs nobody out, and keeps every rotation that was answered', async () => {
    const database = await fresh();
    const auth = await startedOn(database);
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, () => RefreshingClient.loggedIn(auth.url)),
    );

    const end = new AbortController();
    const load = clients.map((client) => client.refreshUntil(end.signal));
    await killAgainAndAgain(auth);
    end.abort();
    await Promise.all(load);
    const stepsUnderFire = clients.map(({ steps }) => steps);
    await Promise.all(clients.map((client) => client.refreshOnce()));

    expect(clients.map(({ refusal }) => refusal?.text)).toEqual(Array(CLIENTS).fill(undefined));
    expect(clients.map(({ steps }) => steps)).toEqual(stepsUnderFire.map((steps) => steps + 1));
    expect(await rowsOf(database)).toEqual(
      new Map(
        clients.map(({ familyId, steps }) => [familyId, { generation: steps, endReason: null }]),
      ),
    );
    // Otherwise nothing was tested: every client met every crash, and moved on between them.
    expect(Math.min(...clients.map(({ losses }) => losses))).toBeGreaterThanOrEqual(KILLS);
    expect(Math.min(...stepsUnderFire)).toBeGreaterThanOrEqual(KILLS);
  });
});

async function startedOn({ dataDir, databaseUrl }: TestDatabase): Promise<AppProcess> {
  const auth = await AppProcess.of('auth', {
    DATA_DIR: dataDir,
    REFRESH_GRACE_SECONDS,
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
  });
  return auth.start();
}

async function killAgainAndAgain(auth: AppProcess): Promise<void> {
  const random = seededRandom(e2eConfig.seed);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await sleep(50 + random() * 300);
    await auth.kill();
    await auth.start();
  }
}

async function rowsOf({ dataDir, databaseUrl }: TestDatabase) {
  const families = await familiesOf(databaseUrl === undefined ? { dataDir } : { databaseUrl });
  return new Map(families.map(({ id, ...row }) => [id, row]));
}

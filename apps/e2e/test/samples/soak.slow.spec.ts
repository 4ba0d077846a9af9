import { setTimeout as sleep } from 'node:timers/promises';
import { AppProcess, type Settings } from '../support/app-process.js';
import { freePort } from '@gatehouse/service-kit/testing';
import { send } from '../support/http.js';
import { type Gauges, readGauges, sampleGauges } from '../support/process-metrics.js';
import { waitUntil } from '../support/wait-until.js';
import { writeOrdersClientSecret } from '../support/stack.js';
import { createTemporaryFolder } from '../support/cleanup.js';
import { parseTokenPair, refresh, registerAndLogIn, type TokenPair } from '../support/auth-api.js';

const PEOPLE = 4;
const WARM_UP_MS = 6_000;
const LOAD_MS = 20_000;
const PAUSE_MS = 20;
const MIN_ANSWERS = 200;
const LOOKS = 20;
/** Timers and connections of the moment. One left behind by every tenth request would be far more. */
const MOMENTARY_HANDLES = 5;
/** Garbage that happens to be there; a run this short cannot tell less. */
const GARBAGE_BYTES = 24 * 2 ** 20;

interface Watched {
  readonly app: AppProcess;
  readonly metrics: string;
}
interface Apps {
  readonly auth: Watched;
  readonly billing: Watched;
  readonly orders: Watched;
}

it('leaves no open handle and no growing heap in any app after 20 s of reads, orders and refreshes', async () => {
  const apps = await startApps();
  const all = Object.entries(apps);
  const people = await Promise.all(
    Array.from({ length: PEOPLE }, () => registerAndLogIn(apps.auth.app.url)),
  );
  const warm = await load(apps, people, WARM_UP_MS);
  const before = await Promise.all(all.map(([, { metrics }]) => sampleGauges(metrics, LOOKS)));

  const done = await load(apps, warm.people, LOAD_MS);

  // Otherwise nothing was tested, however busy the machine is.
  expect(done.answers).toBeGreaterThan(MIN_ANSWERS);
  for (const [index, [name, { metrics }]] of all.entries()) {
    const seen = before[index] ?? [];
    const most = Math.max(...seen.map(({ resources }) => resources)) + MOMENTARY_HANDLES;
    await waitUntil(`${name} holds at most ${most} resources again`, async () => {
      return (await readGauges(metrics)).resources <= most;
    });
    const heap = findMinHeap(await sampleGauges(metrics, LOOKS));
    expect(heap).toBeLessThan(findMinHeap(seen) * 1.5 + GARBAGE_BYTES);
  }
}, 180_000);

const findMinHeap = (seen: readonly Gauges[]): number =>
  Math.min(...seen.map(({ heapBytes }) => heapBytes));

async function startApps(): Promise<Apps> {
  const PORT = String(await freePort());
  const issuer = `http://localhost:${PORT}`;
  const dataDir = await createTemporaryFolder();
  const asClient = await writeOrdersClientSecret(dataDir);
  const all = { DATA_DIR: dataDir, AUTH_ISSUER: issuer };
  const auth = await startWatchedApp('auth', {
    ISSUER: issuer,
    DATA_DIR: dataDir,
    PORT,
    SEED_DEMO: 'true',
  });
  const billing = await startWatchedApp('billing', all);
  const next = { BILLING_URL: billing.app.url, ...asClient };
  const orders = await startWatchedApp('orders', { ...all, ...next });
  await Promise.all([auth, billing, orders].map(({ app }) => app.start()));
  return { auth, billing, orders };
}

async function startWatchedApp(
  name: 'auth' | 'billing' | 'orders',
  settings: Settings,
): Promise<Watched> {
  const METRICS_PORT = String(await freePort());
  const app = await AppProcess.create(name, { ...settings, METRICS_PORT });
  return { app, metrics: `http://127.0.0.1:${METRICS_PORT}` };
}

/** Each user refreshes, orders and reads the order in a loop. The next load uses the resulting tokens. */
async function load(apps: Apps, people: readonly TokenPair[], milliseconds: number) {
  const end = performance.now() + milliseconds;
  let answers = 0;
  const after = people.map(async (person) => {
    let tokens = person;
    while (performance.now() < end) {
      tokens = parseTokenPair(await refresh(apps.auth.app.url, tokens.refreshToken));
      answers += 1 + (await orderAndLook(apps.orders.app.url, tokens.accessToken));
    }
    return tokens;
  });
  return { people: await Promise.all(after), answers };
}

async function orderAndLook(orders: string, token: string): Promise<number> {
  const json = { items: [{ sku: 'tea', quantity: 1, unitPriceMinor: 450 }], currency: 'EUR' };
  const placed = await send(`${orders}/orders`, { token, json });
  expect(placed.status).toBe(201);
  for (let look = 0; look < 3; look += 1) {
    await sleep(PAUSE_MS);
    const read = await send(`${orders}/orders/${String(placed.body['id'])}`, { token });
    expect(read.status).toBe(200);
  }
  return 4;
}

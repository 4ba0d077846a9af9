import { setTimeout as sleep } from 'node:timers/promises';
import { eachDatabase, type TestDatabase } from '@gatehouse/persistence/testing';
import { AppProcess } from '../support/app-process.js';
import { Buyer, type IssuedInvoice } from '../support/buyer.js';
import { e2eConfig } from '../support/e2e.config.js';
import { freePort } from '@gatehouse/service-kit/testing';
import { waitUntil } from '../support/wait-until.js';
import { seededRandom } from '../support/seeded-random.js';
import { writeOrdersClientSecret } from '../support/stack.js';
import { createTemporaryFolder } from '../support/cleanup.js';

const BUYERS = 4;
/** Of each of the two. */
const KILLS = 3;

const sortByOrder = <Item>(items: readonly Item[], idOf: (item: Item) => string): Item[] =>
  [...items].sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1));

eachDatabase(
  `kill -9 of orders and of billing under load (E2E_SEED=${e2eConfig.seed})`,
  (fresh) => {
    it('creates exactly one invoice with the total of each acknowledged order, void or paid if the order was cancelled', async () => {
      const { auth, orders, billing } = await startApps(await fresh());
      const places = { orders: orders.url, billing: billing.url };
      const buyers = await Promise.all(
        Array.from({ length: BUYERS }, () => Buyer.logIn(auth.url, places)),
      );

      const end = new AbortController();
      const random = seededRandom(e2eConfig.seed);
      const load = buyers.map((buyer) => buyer.buyUntil(end.signal, random));
      const countLosses = (service: 'orders' | 'billing') => () =>
        buyers.reduce((sum, { losses }) => sum + losses[service], 0);
      await Promise.all([
        killRepeatedly(orders, random, countLosses('orders')),
        killRepeatedly(billing, random, countLosses('billing')),
      ]);
      // While services die there may have been no invoice to pay: a lease outlives its process.
      await waitUntil('a buyer has paid', () => buyers.some(({ payments }) => payments > 0));
      await waitUntil('every buyer has placed orders', () =>
        buyers.every(({ placedOrders }) => placedOrders.length > KILLS),
      );
      end.abort();
      await Promise.all(load);

      const states = new Set<string>();
      for (const buyer of buyers) {
        const bought = sortByOrder(buyer.placedOrders, ({ id }) => id);
        expect(sortByOrder(await buyer.orders(), ({ id }) => id)).toMatchObject(bought);
        await waitUntil('every order has an invoice, and billing knows of its end', async () => {
          const invoices = await buyer.listInvoices();
          return invoices.length >= bought.length && invoices.every(isSettledForOrder(buyer));
        });
        const invoices = sortByOrder(await buyer.listInvoices(), ({ orderId }) => orderId);
        expect(invoices.map(({ orderId, amountMinor }) => [orderId, amountMinor])).toEqual(
          bought.map(({ id, totalMinor }) => [id, totalMinor]),
        );
        for (const { orderId, state } of invoices) {
          states.add(state);
          if (state === 'void') expect(buyer.cancelled).toContain(orderId);
        }
      }
      expect([...states].sort()).toEqual(['open', 'paid', 'void']);
      expect(`${orders.output}${billing.output}`).not.toMatch(/unhandled|gets no invoice/);
      // Nine processes start, one after the other: on a busy machine that is most of it.
    }, 180_000);
  },
);

/** No payment is pending, and no cancelled order has an open invoice. */
const isSettledForOrder =
  ({ cancelled }: Buyer) =>
  ({ orderId, state }: IssuedInvoice) =>
    state !== 'paying' && !(state === 'open' && cancelled.has(orderId));

async function startApps({ dataDir, databaseUrl }: TestDatabase) {
  const PORT = String(await freePort());
  const issuer = `http://localhost:${PORT}`;
  const authData = await createTemporaryFolder();
  const asClient = await writeOrdersClientSecret(authData);
  const database = { DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
  const guarded = { AUTH_ISSUER: issuer, ...database };
  const auth = await AppProcess.create('auth', { PORT, DATA_DIR: authData, SEED_DEMO: 'true' });
  const billing = await AppProcess.create('billing', guarded);
  const next = { BILLING_URL: billing.url, ...asClient };
  const orders = await AppProcess.create('orders', { ...guarded, ...next });
  await Promise.all([auth, billing, orders].map((app) => app.start()));
  return { auth, orders, billing };
}

/** Each crash lasts until a buyer has lost a request. */
async function killRepeatedly(
  app: AppProcess,
  random: () => number,
  countLosses: () => number,
): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    await sleep(100 + random() * 700);
    const before = countLosses();
    await app.kill();
    await waitUntil('a buyer has lost a request', () => countLosses() > before);
    await app.start();
  }
}

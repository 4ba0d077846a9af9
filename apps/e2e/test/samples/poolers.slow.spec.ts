import {
  isPgBouncerInstalled,
  type PgBouncer,
  type PostgresServer,
  startPgBouncer,
  startPostgres,
} from '@gatehouse/persistence/testing';
import { Buyer } from '../support/buyer.js';
import { startStack } from '../support/stack.js';
import { waitUntil } from '../support/wait-until.js';

/** Each line of settings is a pooler that users run. */
const POOLERS = [
  ['with its default settings', '', ''],
  [
    'that drops our startup parameters',
    'ignore_startup_parameters = options,statement_timeout',
    '',
  ],
  ['that the URL names', '', '?pgbouncer=true&application_name=shop'],
] as const;

const whenInstalled = isPgBouncerInstalled() ? describe : describe.skip;

whenInstalled('all apps through PgBouncer in transaction mode', () => {
  let postgres: PostgresServer;
  const poolers: PgBouncer[] = [];

  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    for (const pooler of poolers) await pooler.stop();
    await postgres.stop();
  });

  it.each(POOLERS)(
    'migrate, register, log in, refresh, order and issue an invoice %s',
    async (_, settings, query) => {
      const name = `pooled_${poolers.length}`;
      const direct = await postgres.createDatabase(name);
      const pooler = await startPgBouncer(direct, settings);
      poolers.push(pooler);
      const DATABASE_URL = `${pooler.urlOf(name)}${query}`;
      const { auth, orders, billing } = await startStack({ DATABASE_URL, SEED_DEMO: 'true' });

      const places = { orders: orders.url, billing: billing.url };
      // Several at once, so that the transactions of one client run on several connections of PostgreSQL.
      const buyers = await Promise.all(
        Array.from({ length: 6 }, () => Buyer.logIn(auth.url, places)),
      );
      const end = new AbortController();
      const load = buyers.map((buyer) => buyer.buyUntil(end.signal, Math.random));
      await waitUntil('every buyer has ordered ten times', () =>
        buyers.every(({ placedOrders }) => placedOrders.length >= 10),
      );
      end.abort();
      await Promise.all(load);

      for (const buyer of buyers) {
        await waitUntil('each order has an invoice', async () => {
          return (await buyer.listInvoices()).length >= buyer.placedOrders.length;
        });
        expect(buyer.losses).toEqual({ orders: 0, billing: 0 });
      }
      expect(`${auth.output}${orders.output}${billing.output}`).not.toMatch(
        /prepared statement|does not exist|unsupported/,
      );
    },
    120_000,
  );
});

import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type PostgresServer, startPostgres } from '@gatehouse/persistence/testing';
import type { Settings } from '../app-process.js';
import { cleanUpAfterTests } from '../cleanup.js';
import { AuthRecords } from '../auth-database.js';
import { Balancer } from './balancer.js';
import type { Ledger } from './ledger.js';
import type { ServiceUrls } from './simulated-user.js';
import { Replica } from './replica.js';

const CLOCK_AHEAD = fileURLToPath(new URL('clock-ahead.cjs', import.meta.url));

/** Three auth, two orders and two billing processes on one PostgreSQL, a balancer before each kind. */
export interface Deployment {
  readonly postgres: PostgresServer;
  readonly records: AuthRecords;
  readonly places: ServiceUrls;
  /** The first replica starts first and holds the lease of the scheduled jobs. The clock of the last is 20 s ahead. */
  readonly auth: readonly [Replica, Replica, Replica];
  readonly orders: readonly [Replica, Replica];
  readonly billing: readonly [Replica, Replica];
  readonly all: readonly Replica[];
  /** The environment of operations commands. */
  readonly settings: Settings;
}

/** @param given settings of auth */
export async function deploy(ledger: Ledger, given: Settings): Promise<Deployment> {
  const postgres = await startPostgres();
  cleanUpAfterTests(() => postgres.stop());
  const DATABASE_URL = await postgres.createDatabase('gatehouse');
  const balancers = await Promise.all([Balancer.start(), Balancer.start(), Balancer.start()]);
  const [authBalancer, ordersBalancer, billingBalancer] = balancers;
  const issuer = authBalancer.url;
  const SERVER_SECRET = randomBytes(32).toString('base64url');
  const settings = { DATABASE_URL, ISSUER: issuer, SERVER_SECRET, ...given };
  const ahead = { ...settings, NODE_OPTIONS: `--require "${CLOCK_AHEAD}"` };
  const guarded = {
    DATABASE_URL,
    AUTH_ISSUER: issuer,
    AUTH_JWKS_URI: `${issuer}/.well-known/jwks.json`,
  };
  const auth = [
    await Replica.create('auth', 1, { settings, ledger }),
    await Replica.create('auth', 2, { settings, ledger }),
    await Replica.create('auth', 3, { settings: ahead, ledger }),
  ] as const;
  const orders = [
    await Replica.create('orders', 1, { settings: guarded, ledger }),
    await Replica.create('orders', 2, { settings: guarded, ledger }),
  ] as const;
  const billing = [
    await Replica.create('billing', 1, { settings: guarded, ledger }),
    await Replica.create('billing', 2, { settings: guarded, ledger }),
  ] as const;
  authBalancer.setReplicas(auth.map(({ url }) => url));
  ordersBalancer.setReplicas(orders.map(({ url }) => url));
  billingBalancer.setReplicas(billing.map(({ url }) => url));

  await auth[0].start();
  const all = [...auth, ...orders, ...billing];
  await Promise.all(all.slice(1).map((replica) => replica.start()));
  const places = { auth: issuer, orders: ordersBalancer.url, billing: billingBalancer.url };
  const records = await AuthRecords.open(DATABASE_URL);
  return { postgres, records, places, auth, orders, billing, all, settings };
}

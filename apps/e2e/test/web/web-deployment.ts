import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { openDatabase } from '@gatehouse/persistence';
import { startPostgres } from '@gatehouse/persistence/testing';
import { AppProcess, type Settings } from '../support/app-process.js';
import { cleanUpAfterTests, createTemporaryFolder } from '../support/cleanup.js';
import { Balancer } from '../support/replicas/balancer.js';
import { writeOrdersClientSecret } from '../support/stack.js';
import type { Traffic } from './traffic.js';
import { createKey, writeClients } from './web-stack.js';

type Pair = readonly [AppProcess, AppProcess];

/** Two replicas each of the shop, the back office, auth and orders, and one billing, on one PostgreSQL. */
export interface WebDeployment {
  readonly databaseUrl: string;
  /** Addresses of the balancers, which the browser knows. */
  readonly shop: string;
  readonly office: string;
  readonly issuer: string;
  readonly auth: Pair;
  readonly orders: Pair;
  readonly billing: AppProcess;
  readonly offices: Pair;
  /** All processes that ever ran, for their output. */
  readonly all: AppProcess[];
  readonly credentials: Readonly<Record<string, string | undefined>>;
}

/** @param traffic sees each request to auth and to the tools */
export async function deployWeb(traffic: Traffic): Promise<WebDeployment> {
  const postgres = await startPostgres();
  cleanUpAfterTests(() => postgres.stop());
  const databaseUrl = await postgres.createDatabase('gatehouse');
  const [auth, orders, shop, office] = await Promise.all([
    Balancer.start(traffic.observe),
    Balancer.start(),
    Balancer.start(traffic.observe),
    Balancer.start(traffic.observe),
  ]);
  const DATA_DIR = await createTemporaryFolder();
  const all = { DATABASE_URL: databaseUrl, DATA_DIR, AUTH_ISSUER: auth.url, LOG_LEVEL: 'debug' };
  const keys = { shop: createKey(), 'back-office': createKey() };
  const ports = { shop: new URL(shop.url).port, 'back-office': new URL(office.url).port };
  const asClient = await writeOrdersClientSecret(DATA_DIR);
  const auths = await createPair(auth, 'auth', {
    ...all,
    ISSUER: auth.url,
    SERVER_SECRET: randomBytes(32).toString('base64url'),
    SEED_DEMO: 'true',
    SEED_CLIENTS: await writeClients(await createTemporaryFolder(), ports, keys),
  });
  const billing = await AppProcess.create('billing', all);
  const apis = await createPair(orders, 'orders', {
    ...all,
    ...asClient,
    BILLING_URL: billing.url,
  });
  const web = {
    ...all,
    SESSION_SECRET: randomBytes(32).toString('base64url'),
    ORDERS_URL: orders.url,
    BILLING_URL: billing.url,
    DEMO_ACTIVITY: 'true',
  };
  const createTool = (balancer: Balancer, tool: keyof typeof keys) =>
    createPair(balancer, 'web', {
      ...web,
      TOOL: tool,
      PUBLIC_URL: balancer.url,
      CLIENT_KEY: JSON.stringify(keys[tool].privateKey),
    });
  const shops = await createTool(shop, 'shop');
  const offices = await createTool(office, 'back-office');

  const processes = [...auths, ...apis, billing, ...shops, ...offices];
  await auths[0].start();
  await Promise.all(processes.slice(1).map((app) => app.start()));
  return {
    databaseUrl,
    ...{ shop: shop.url, office: office.url, issuer: auth.url },
    ...{ auth: auths, orders: apis, billing, offices, all: processes },
    credentials: parseEnv(await readFile(join(DATA_DIR, 'demo.env'), 'utf8')),
  };
}

async function createPair(
  balancer: Balancer,
  name: 'auth' | 'orders' | 'web',
  settings: Settings,
): Promise<Pair> {
  const pair = [
    await AppProcess.create(name, settings),
    await AppProcess.create(name, settings),
  ] as const;
  balancer.setReplicas(pair.map(({ url }) => url));
  return pair;
}

/** One replica of auth after the other ends and starts with changed settings, as an update does it. */
export async function updateAuth({ auth, all }: WebDeployment, change: Settings): Promise<void> {
  for (const replica of auth) {
    await replica.stop();
    const next = await AppProcess.create('auth', { ...replica.environment, ...change });
    all.push(next);
    await next.start();
  }
}

/** Reads rows of an app. */
export async function readRows<Row>(
  { databaseUrl }: WebDeployment,
  app: 'auth' | 'billing' | 'web',
  sql: string,
): Promise<readonly Row[]> {
  const settings = { name: app, dataDir: '', entities: [], migrations: [], migrate: false };
  const database = await openDatabase({ ...settings, databaseUrl });
  try {
    return await database.unitOfWork.query<Row>(sql);
  } finally {
    await database.close();
  }
}

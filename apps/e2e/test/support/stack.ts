import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppProcess, type Settings } from './app-process.js';
import { freePort } from '@gatehouse/service-kit/testing';
import { createTemporaryFolder } from './cleanup.js';
import { ROOT } from './workspace.js';

export interface Stack {
  readonly auth: AppProcess;
  readonly orders: AppProcess;
  readonly billing: AppProcess;
  readonly dataDir: string;
}

interface StackOptions {
  /** Whether the audiences are the addresses of the apps, as under `npm start`, and not the defaults of the settings. */
  readonly hasOwnAudiences?: boolean;
}

const DEFAULT_AUDIENCES = { auth: {}, orders: {}, billing: {} };

/** The three apps on free ports, ready, with one data folder. The settings are for all three. */
export async function startStack(
  settings: Settings = {},
  { hasOwnAudiences = false }: StackOptions = {},
): Promise<Stack> {
  const dataDir = await createTemporaryFolder();
  const PORT = String(await freePort());
  const issuer = `http://localhost:${PORT}`;
  const all = { ISSUER: issuer, AUTH_ISSUER: issuer, ...settings, DATA_DIR: dataDir };
  const ports = [String(await freePort()), String(await freePort())] as const;
  const audiences = await (hasOwnAudiences ? createAudiences(ports) : DEFAULT_AUDIENCES);
  const auth = await AppProcess.create('auth', { ...audiences.auth, ...all, PORT });
  const billing = await AppProcess.create('billing', {
    ...audiences.billing,
    ...all,
    PORT: ports[1],
  });
  const asClient = settings['SEED_DEMO'] === 'true' ? await writeOrdersClientSecret(dataDir) : {};
  const orders = await AppProcess.create('orders', {
    BILLING_URL: billing.url,
    ...asClient,
    ...audiences.orders,
    ...all,
    PORT: ports[0],
  });
  await Promise.all([auth, orders, billing].map((app) => app.start()));
  return { auth, orders, billing, dataDir };
}

/** The default resource servers at the ports of orders and billing. */
async function createAudiences([ordersPort, billingPort]: readonly [string, string]) {
  const example = await readFile(join(ROOT, '.env.example'), 'utf8');
  const [, servers = ''] = /^#RESOURCE_SERVERS=(.*)$/m.exec(example) ?? [];
  const [orders, billing] = [`http://localhost:${ordersPort}`, `http://localhost:${billingPort}`];
  return {
    auth: {
      RESOURCE_SERVERS: servers
        .replace('http://localhost:3001', orders)
        .replace('http://localhost:3002', billing),
    },
    orders: { AUDIENCE: orders, BILLING_RESOURCE: billing },
    billing: { AUDIENCE: billing },
  };
}

/** With the demo clients, orders is one: auth takes the secret that it finds in its data folder. */
export async function writeOrdersClientSecret(dataDir: string): Promise<Settings> {
  const CLIENT_SECRET = randomBytes(32).toString('base64url');
  const file = join(dataDir, 'demo.env');
  await writeFile(file, `ORDERS_SERVICE_SECRET=${CLIENT_SECRET}\n`, { mode: 0o600 });
  return { CLIENT_SECRET };
}

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppProcess, type Settings } from './app-process.js';
import { freePort } from '@gatehouse/service-kit/testing';
import { createTemporaryFolder } from './cleanup.js';

export interface Stack {
  readonly auth: AppProcess;
  readonly orders: AppProcess;
  readonly billing: AppProcess;
  readonly dataDir: string;
}

/** The three apps on free ports, ready, with one data folder. The settings are for all three. */
export async function startStack(settings: Settings = {}): Promise<Stack> {
  const dataDir = await createTemporaryFolder();
  const PORT = String(await freePort());
  const issuer = `http://localhost:${PORT}`;
  const all = { ISSUER: issuer, AUTH_ISSUER: issuer, ...settings, DATA_DIR: dataDir };
  const auth = await AppProcess.create('auth', { ...all, PORT });
  const billing = await AppProcess.create('billing', all);
  const asClient = settings['SEED_DEMO'] === 'true' ? await writeOrdersClientSecret(dataDir) : {};
  const orders = await AppProcess.create('orders', {
    BILLING_URL: billing.url,
    ...asClient,
    ...all,
  });
  await Promise.all([auth, orders, billing].map((app) => app.start()));
  return { auth, orders, billing, dataDir };
}

/** With the demo clients, orders is one: auth takes the secret that it finds in its data folder. */
export async function writeOrdersClientSecret(dataDir: string): Promise<Settings> {
  const CLIENT_SECRET = randomBytes(32).toString('base64url');
  const file = join(dataDir, 'demo.env');
  await writeFile(file, `ORDERS_SERVICE_SECRET=${CLIENT_SECRET}\n`, { mode: 0o600 });
  return { CLIENT_SECRET };
}

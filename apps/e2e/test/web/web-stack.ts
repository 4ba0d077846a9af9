import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { freePort } from '@gatehouse/service-kit/testing';
import { AppProcess, type Settings } from '../support/app-process.js';
import { createTemporaryFolder } from '../support/cleanup.js';
import { runOps } from '../support/run-ops.js';
import { type Stack, startStack } from '../support/stack.js';
import { ROOT } from '../support/workspace.js';

type Tool = 'shop' | 'back-office';

export interface WebStack extends Stack {
  /** Two replicas of the shop: the browser knows the address of the first. */
  readonly shop: readonly [AppProcess, AppProcess];
  readonly backOffice: AppProcess;
  readonly credentials: Readonly<Record<string, string | undefined>>;
  readonly revokeRole: (email: string, role: string) => Promise<string>;
}

const DEFAULT_PORTS: Readonly<Record<Tool, string>> = { shop: '3003', 'back-office': '3004' };

/** The three apps with the demo's accounts, two replicas of the shop and one of the back office, ready, on one database. */
export async function startWebStack(
  settings: Settings = {},
  onAuth: (auth: AppProcess) => void = () => undefined,
): Promise<WebStack> {
  const folder = await createTemporaryFolder();
  const ports = { shop: String(await freePort()), 'back-office': String(await freePort()) };
  const keys = { shop: createKey(), 'back-office': createKey() };
  const SEED_CLIENTS = await writeClients(folder, ports, keys);
  const stack = await startStack({ SEED_DEMO: 'true', SEED_CLIENTS, ...settings });
  onAuth(stack.auth);
  const start = async (tool: Tool, PORT: string): Promise<AppProcess> => {
    const app = await AppProcess.create('web', {
      TOOL: tool,
      PUBLIC_URL: `http://localhost:${ports[tool]}`,
      CLIENT_KEY: JSON.stringify(keys[tool].privateKey),
      AUTH_ISSUER: stack.auth.url,
      ORDERS_URL: stack.orders.url,
      BILLING_URL: stack.billing.url,
      ...settings,
      DATA_DIR: stack.dataDir,
      PORT,
    });
    return app.start();
  };
  const shop = await start('shop', ports.shop);
  const replica = await start('shop', String(await freePort()));
  const backOffice = await start('back-office', ports['back-office']);
  const credentials = parseEnv(await readFile(join(stack.dataDir, 'demo.env'), 'utf8'));
  const revokeRole = (email: string, role: string) =>
    runOps(stack.auth, ['accounts', 'revoke-role', email, role]);
  return { ...stack, shop: [shop, replica], backOffice, credentials, revokeRole };
}

/** A key pair of a client. */
export function createKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { d, ...jwk } = privateKey.export({ format: 'jwk' });
  const publicKey = { ...jwk, kid: 'one', alg: 'ES256' };
  return { publicKey, privateKey: { ...publicKey, d } };
}

type Keys = Readonly<Record<Tool, ReturnType<typeof createKey>>>;

/** The clients of `npm start`, with the ports and keys of this stack. @returns the path of the file */
export async function writeClients(
  folder: string,
  ports: Readonly<Record<Tool, string>>,
  keys: Keys,
): Promise<string> {
  let text = await readFile(join(ROOT, 'apps/web/clients.json'), 'utf8');
  for (const tool of ['shop', 'back-office'] as const)
    text = text.replaceAll(`:${DEFAULT_PORTS[tool]}/`, `:${ports[tool]}/`);
  const clients: { readonly id: string }[] = JSON.parse(text);
  const registered = clients.map((client) => {
    const { publicKey } = keys[client.id === 'web-shop' ? 'shop' : 'back-office'];
    return { ...client, jwks: { keys: [publicKey] } };
  });
  const file = join(folder, 'clients.json');
  await writeFile(file, JSON.stringify(registered));
  return file;
}

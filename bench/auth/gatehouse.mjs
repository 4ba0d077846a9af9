/** Everything that the benchmark knows about Gatehouse: how it starts, who its clients are, how one logs in. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ended, start } from '../machine/processes.mjs';
import { freePort } from '../../tools/terminal/processes.mjs';

/** @typedef {import('../machine/processes.mjs').Child} Child */
/** @typedef {import('../types.js').Place} Place */

const MAIN = fileURLToPath(new URL('../../apps/auth/dist/main.js', import.meta.url));
/** Logins before the measurement. Each is a chain of rotations. */
export const LOGINS = 64;

const PATIENCE_MS = 30_000;

export const PUBLIC_CLIENT = 'gatehouse-first-party';
const CREDENTIALS = {
  email: 'bench@example.com',
  password: 'a long enough password for the bench',
};

const COUNTED = ['login', 'registration', 'authorization', 'token', 'client', 'introspection'];

/**
 * Starts auth on the store, registers an account and logs it in {@link LOGINS} times.
 *
 * @param {Place} place
 * @param {Record<string, string>} [settings]
 */
export async function startGatehouse(place, settings = { SEED_DEMO: 'true' }) {
  const server = await bootGatehouse({ ...place, settings });
  const { port, dataDir } = server;
  return { ...server, service: demoService(dataDir), chains: await logIn(port) };
}

/**
 * Nothing is logged in yet.
 *
 * @param {Place} place
 */
export async function bootGatehouse({
  name,
  databaseUrl,
  dir,
  cpu,
  serverSecret = newServerSecret(),
  settings = {},
}) {
  const port = await freePort();
  const dataDir = join(dir, name);
  mkdirSync(dataDir);
  const env = { ...environment({ port, dataDir, databaseUrl, serverSecret }), ...settings };
  const child = start({ script: MAIN, env, cpu, log: join(dir, `${name}.log`) });
  await ready(child, port);
  return {
    child,
    port,
    dataDir,
    tokenPath: '/oauth/token',
    jwksPath: '/.well-known/jwks.json',
    loginPath: '/auth/login',
    publicClient: PUBLIC_CLIENT,
    credentials: CREDENTIALS,
  };
}

/**
 * Left out, the account is the one that {@link logIn} logs in.
 *
 * @param {number} port
 * @param {{ email: string, password: string }} [credentials]
 */
export function register(port, credentials = CREDENTIALS) {
  return post(port, '/auth/register', credentials);
}

export function newServerSecret() {
  return randomBytes(32).toString('base64url');
}

/**
 * @param {{ port: number, dataDir: string, databaseUrl: string | undefined, serverSecret: string }} options
 */
function environment({ port, dataDir, databaseUrl, serverSecret }) {
  return {
    NODE_ENV: 'development',
    LOG_LEVEL: 'warn',
    HOST: '127.0.0.1',
    PORT: String(port),
    ISSUER: 'http://localhost:3000',
    SERVER_SECRET: serverSecret,
    DATA_DIR: dataDir,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
    SIGNING_ALGORITHM: 'ES256',
    // All logins are of one account.
    SESSIONS_PER_ACCOUNT: '1000',
    // Counted as ever; but all of the load is from one address, and must not meet its end.
    RATE_LIMITS: COUNTED.map((name) => `${name}=9999999/60`).join(' '),
  };
}

/**
 * The demo's machine client: auth makes its secret at the first start and keeps it in `demo.env`.
 *
 * @param {string} dataDir
 */
function demoService(dataDir) {
  const secret = /^ORDERS_SERVICE_SECRET=(.+)$/m.exec(
    readFileSync(join(dataDir, 'demo.env'), 'utf8'),
  );
  if (!secret) throw new Error('Gatehouse wrote no ORDERS_SERVICE_SECRET into demo.env');
  return { id: 'orders-service', secret: secret[1] };
}

/** Waits until a server is ready. @param {Child} child @param {number} port */
export async function ready(child, port) {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw ended(child);
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new Error(
    `The server was not ready after ${PATIENCE_MS / 1000} s; its log is ${child.log}`,
  );
}

/**
 * One at a time: a password hash costs milliseconds on purpose, and none of this is measured.
 *
 * @param {number} port
 */
async function logIn(port) {
  await register(port);
  const chains = [];
  while (chains.length < LOGINS) {
    const { refresh_token } = await post(port, '/auth/login', CREDENTIALS);
    chains.push(refresh_token);
  }
  return chains;
}

/**
 * @param {number} port
 * @param {string} path
 * @param {object} body
 */
async function post(port, path, body) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${path} of Gatehouse: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startGatehouse } from '../auth/gatehouse.mjs';
import { ended, start, stop } from '../machine/processes.mjs';
import { freePort } from '../../tools/terminal/processes.mjs';

/** @typedef {import('../machine/processes.mjs').Child} Child */
/** @typedef {import('../types.js').Undo} Undo */

const ISSUER = 'http://localhost:3000';
const PATIENCE_MS = 30_000;

/**
 * auth, billing and orders with their metrics, each on a SQLite database; orders is a client of auth.
 *
 * @param {string} dir
 * @param {Undo[]} undo
 */
export async function startApps(dir, undo) {
  const metricsPort = await freePort();
  const settings = { SEED_DEMO: 'true', METRICS_PORT: String(metricsPort) };
  const auth = await startGatehouse({ name: 'auth', dir }, settings);
  undo.push(() => stop(auth.child));
  const at = `http://127.0.0.1:${auth.port}`;
  const guarded = {
    AUTH_ISSUER: ISSUER,
    AUTH_JWKS_URI: `${at}${auth.jwksPath}`,
    AUTH_TOKEN_ENDPOINT: `${at}${auth.tokenPath}`,
  };
  const billing = await startApp('billing', { dir, undo, env: guarded });
  const orders = await startApp('orders', {
    dir,
    undo,
    env: { ...guarded, BILLING_URL: billing.url, CLIENT_SECRET: auth.service.secret },
  });
  return {
    auth: { ...auth, url: at },
    orders,
    all: [{ name: 'auth', metricsPort, child: auth.child }, billing, orders],
  };
}

/**
 * @param {string} name
 * @param {{ dir: string, undo: Undo[], env: Record<string, string> }} options
 */
async function startApp(name, { dir, undo, env }) {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const dataDir = join(dir, name);
  mkdirSync(dataDir);
  const child = start({
    script: fileURLToPath(new URL(`../../apps/${name}/dist/main.js`, import.meta.url)),
    env: {
      ...env,
      NODE_ENV: 'development',
      LOG_LEVEL: 'warn',
      HOST: '127.0.0.1',
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      DATA_DIR: dataDir,
    },
    log: `${dataDir}.log`,
  });
  undo.push(() => stop(child));
  const app = { name, url: `http://127.0.0.1:${port}`, metricsPort, child };
  await ready(app);
  return app;
}

/** @param {{ name: string, url: string, child: Child }} options */
async function ready({ name, url, child }) {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw ended(child);
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    await answer?.text();
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new Error(`${name} was not ready after ${PATIENCE_MS / 1000} s; its log is ${child.log}`);
}

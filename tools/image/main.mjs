/**
 * `node tools/run.mjs image auth`: builds the image of an app by the lines of the Dockerfile, in a temporary folder and without
 * Docker. Then it migrates and starts the result as production would, runs the health check, and stops it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineCommand, Failure } from '../terminal/command.mjs';
import { freePort, runInForeground } from '../terminal/processes.mjs';
import { buildImage } from './build-image.mjs';

/** @typedef {import('./build-image.mjs').Image} Image */
/** @typedef {{ cwd: string, env: NodeJS.ProcessEnv }} Place */

const HEALTHY_TIMEOUT_MS = 30_000;

export const command = defineCommand({
  usage:
    'Usage: node tools/run.mjs image [<app>]   builds and tries the image of an app without Docker',
  options: {},
  allowPositionals: true,
  run: async (_values, [app = 'auth']) => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-image-'));
    try {
      const image = buildImage({ folder, args: { APP: app } });
      await tryImage(image, { app, data: join(folder, 'data') });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

/** @param {Image} image @param {{ app: string, data: string }} options */
async function tryImage(image, { app, data }) {
  const cwd = join(image.root, image.cwd);
  const own = { PATH: process.env.PATH, ...image.env, ...settingsOf(app) };
  const env = { ...own, PORT: String(await freePort()), DATA_DIR: data };
  const migration = app === 'auth' ? ['dist/ops.js', 'migrate'] : ['dist/migrate.js'];
  if (runInForeground(['node', ...migration], { cwd, env }) !== 0) {
    throw new Failure('The migration failed.');
  }
  const [program, ...args] = image.commands.start;
  const service = spawn(program, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const exit = once(service, 'exit');
  try {
    await untilHealthy(healthCheckOf(app, image), { cwd, env });
  } finally {
    service.kill('SIGTERM');
  }
  const [code] = await exit;
  if (code !== 0) throw new Failure(`${app} exited with ${code} after SIGTERM.`);
  process.stdout.write(`image: ${app} migrated, started, was healthy and stopped.\n`);
}

/**
 * Invented values for all settings that production requires.
 *
 * @param {string} app
 */
function settingsOf(app) {
  const auth = {
    ISSUER: 'https://auth.gatehouse.example',
    SERVER_SECRET: randomBytes(32).toString('base64url'),
    RESOURCE_SERVERS: 'https://orders.gatehouse.example orders:read orders:write',
    FIRST_PARTY_SCOPE: 'orders:read orders:write',
  };
  const resourceServer = { AUTH_ISSUER: auth.ISSUER, AUDIENCE: `https://${app}.gatehouse.example` };
  const orders = {
    CLIENT_SECRET: randomBytes(32).toString('base64url'),
    BILLING_URL: 'https://billing.gatehouse.example',
    BILLING_RESOURCE: 'https://billing.gatehouse.example',
  };
  if (app === 'auth') return auth;
  return app === 'orders' ? { ...resourceServer, ...orders } : resourceServer;
}

/**
 * A resource server is ready when it has the keys of its issuer. There is no issuer here, so it must only be live.
 *
 * @param {string} app
 * @param {Image} image
 */
function healthCheckOf(app, { commands }) {
  const isReady = commands.health;
  return app === 'auth'
    ? isReady
    : isReady.map((word) => word.replace('/health/ready', '/health/live'));
}

/** @param {string[]} check @param {Place} place */
async function untilHealthy([program, ...args], place) {
  const deadline = Date.now() + HEALTHY_TIMEOUT_MS;
  while (spawnSync(program, args, place).status !== 0) {
    if (Date.now() > deadline) throw new Failure('The health check did not succeed.');
    await sleep(200);
  }
}

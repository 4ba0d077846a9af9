/**
 * `node tools/image-steps.mjs auth`: builds an app's image by the Dockerfile's own lines, in a temporary folder and without
 * Docker, then migrates and starts what came out as production would, asks the health check, and stops it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildImage } from './image/build-image.mjs';
import { Failure, runTool } from './terminal/failure.mjs';

const PORT = '3900';
const PATIENCE_MS = 30_000;

await runTool(async () => {
  const app = process.argv[2] ?? 'auth';
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-image-'));
  try {
    const image = buildImage({ folder, args: { APP: app } });
    await tryOut(image, { app, data: join(folder, 'data') });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

async function tryOut(image, { app, data }) {
  const cwd = join(image.root, image.cwd);
  const env = { PATH: process.env.PATH, ...image.env, ...settingsOf(app), PORT, DATA_DIR: data };
  run('The migration', ['node', 'dist/migrate.js'], { cwd, env });
  const [command, ...args] = image.commands.start;
  const service = spawn(command, args, { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(service, 'exit');
  try {
    await untilHealthy(healthCheckOf(app, image), { cwd, env });
  } finally {
    service.kill('SIGTERM');
  }
  const [code] = await ended;
  if (code !== 0) throw new Failure(`${app} ended with ${code} when it was told to stop.`);
  process.stdout.write(`image: ${app} migrated, started, was healthy and stopped.\n`);
}

/** Made up, and complete: production refuses to start with less. */
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

/** A resource server is ready when it has its issuer's keys; there is no issuer here, so its being alive must do. */
function healthCheckOf(app, { commands }) {
  const isReady = commands.health;
  return app === 'auth'
    ? isReady
    : isReady.map((word) => word.replace('/health/ready', '/health/live'));
}

async function untilHealthy(check, options) {
  const [command, ...args] = check;
  const end = Date.now() + PATIENCE_MS;
  while (spawnSync(command, args, options).status !== 0) {
    if (Date.now() > end) throw new Failure('The health check did not succeed.');
    await sleep(200);
  }
}

function run(what, [command, ...args], options) {
  const { status } = spawnSync(command, args, { ...options, stdio: 'inherit' });
  if (status !== 0) throw new Failure(`${what} failed.`);
}

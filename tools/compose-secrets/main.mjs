/** `npm run compose:secrets`: creates the files under `secrets:` of docker-compose.yml. Existing files do not change. */
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ordersServiceSecret } from '../start/orders.mjs';
import { defineCommand } from '../terminal/command.mjs';
import { APPS, credentialsIn, dataFolder } from '../workspace.mjs';

// docker-compose.yml names this folder, so DATA_DIR does not apply.
const DATA = dataFolder({});
const FOLDER = join(DATA, 'secrets');

export const command = defineCommand({
  usage:
    'Usage: npm run compose:secrets   creates the secrets of docker-compose.yml in data/secrets',
  options: {},
  run: createSecrets,
});

const newSecret = () => randomBytes(32).toString('base64url');

/**
 * How the content of each secret is made.
 *
 * @type {Record<string, () => string>}
 */
export const SECRETS = {
  postgres_password: newSecret,
  // deploy/postgres/roles.sh reads role and password from the URL.
  ...Object.fromEntries(APPS.map((app) => [`${app}_database_url`, () => databaseUrl(app)])),
  server_secret: newSecret,
  'demo.env': demoEnv,
  orders_client_secret: () => ordersServiceSecret({}),
};

/** @param {string} role */
const databaseUrl = (role) => `postgres://${role}:${newSecret()}@postgres:5432/gatehouse`;

function createSecrets() {
  mkdirSync(FOLDER, { recursive: true });
  chmodSync(FOLDER, 0o700);
  // This copy may be older than the current names, so it is always written again.
  rmSync(join(FOLDER, 'demo.env'), { force: true });
  for (const [name, create] of Object.entries(SECRETS)) writeSecret(name, create);
  process.stdout.write('The secrets are in data/secrets. Next: docker compose up --build\n');
}

/**
 * Compose mounts a file with its permissions, and the apps run as another user: the files are readable by all, in a folder
 * that only its owner can open.
 *
 * @param {string} name
 * @param {() => string} create
 */
function writeSecret(name, create) {
  const file = join(FOLDER, name);
  if (!existsSync(file)) {
    writeFileSync(file, create());
    process.stdout.write(`made data/secrets/${name}\n`);
  }
  chmodSync(file, 0o644);
}

const DEMO = {
  DEMO_EMAIL: () => 'demo@gatehouse.example',
  DEMO_PASSWORD: newSecret,
  DEMO_STAFF_EMAIL: () => 'staff@gatehouse.example',
  DEMO_STAFF_PASSWORD: newSecret,
  ORDERS_SERVICE_SECRET: newSecret,
  SHORT_LIVED_SECRET: newSecret,
  DEMO_WEBSITE_SECRET: newSecret,
};

/**
 * `npm start` and Compose share the demo credentials in data/demo.env, where `npm run demo` reads them. In a container auth
 * cannot add to the file, so this command writes all of them.
 */
function demoEnv() {
  const file = join(DATA, 'demo.env');
  const kept = credentialsIn(file) ?? {};
  const missing = Object.entries(DEMO).filter(([name]) => !kept[name]);
  const lines = missing.map(([name, create]) => `${name}=${create()}\n`);
  appendFileSync(file, lines.join(''), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

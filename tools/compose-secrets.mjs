/** `npm run compose:secrets`: makes the files that docker-compose.yml names under `secrets:`. What exists stays as it is. */
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
import { parseEnv } from 'node:util';
import { ordersServiceSecret } from './demo/credentials.mjs';
import { ROOT } from './workspace.mjs';

const DATA = join(ROOT, 'data');
const FOLDER = join(DATA, 'secrets');

const newSecret = () => randomBytes(32).toString('base64url');

/** Compose mounts a file as it is, and the apps run as another user than you: readable files in a folder of yours alone. */
function secret(name, make) {
  const file = join(FOLDER, name);
  if (!existsSync(file)) {
    writeFileSync(file, make());
    process.stdout.write(`made data/secrets/${name}\n`);
  }
  chmodSync(file, 0o644);
  return readFileSync(file, 'utf8');
}

const DEMO = {
  DEMO_EMAIL: () => 'demo@gatehouse.example',
  DEMO_PASSWORD: newSecret,
  ORDERS_SERVICE_SECRET: newSecret,
  SHORT_LIVED_SECRET: newSecret,
  DEMO_WEBSITE_SECRET: newSecret,
};

/**
 * One set of demo credentials, whether the stack runs by `npm start` or by Compose: `npm run demo` reads data/demo.env. In a
 * container auth can add nothing to the file, so all that it looks for is there.
 */
function demoEnv() {
  const file = join(DATA, 'demo.env');
  const kept = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  const missing = Object.entries(DEMO).filter(([name]) => !kept[name]);
  const lines = missing.map(([name, make]) => `${name}=${make()}\n`);
  appendFileSync(file, lines.join(''), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

mkdirSync(FOLDER, { recursive: true });
chmodSync(FOLDER, 0o700);
const password = secret('postgres_password', newSecret);
secret('database_url', () => `postgres://gatehouse:${password}@postgres:5432/gatehouse`);
secret('server_secret', newSecret);
// A copy, which may be older than the names of today.
rmSync(join(FOLDER, 'demo.env'), { force: true });
secret('demo.env', demoEnv);
secret('orders_client_secret', () => ordersServiceSecret({}));
process.stdout.write('The secrets are in data/secrets. Next: docker compose up --build\n');

import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { dataFolder } from '../workspace.mjs';

/** What auth seeded and wrote to `<DATA_DIR>/demo.env`; undefined when it did not. */
export const demoCredentials = (env = process.env) =>
  credentialsIn(join(dataFolder(env), 'demo.env'));

/** The lines of such a file; undefined where there is none. */
export function credentialsIn(file) {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The secret of orders as a client. It has two sides that start at the same time, auth and orders, so it is made before
 * either does: auth takes what it finds in the file, and adds what is missing.
 */
export function ordersServiceSecret(env = process.env) {
  const kept = demoCredentials(env)?.ORDERS_SERVICE_SECRET;
  if (kept) return kept;
  const secret = randomBytes(32).toString('base64url');
  const folder = dataFolder(env);
  mkdirSync(folder, { recursive: true });
  const line = `ORDERS_SERVICE_SECRET=${secret}\n`;
  appendFileSync(join(folder, 'demo.env'), line, { mode: 0o600 });
  return secret;
}

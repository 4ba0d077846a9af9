/** Settings of the sample `orders`, which calls billing and so is a client of auth. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../terminal/command.mjs';
import { dataFolder, demoCredentials } from '../workspace.mjs';

/** @typedef {import('../workspace.mjs').Environment} Environment */

/**
 * @param {Environment} env
 * @param {string} billing the address of billing, which is also its identifier
 * @returns {Environment}
 */
export const ordersSettings = (env, billing) => ({
  CLIENT_SECRET: ordersServiceSecret(env),
  BILLING_URL: billing,
  BILLING_RESOURCE: billing,
});

/**
 * The client secret of orders. Auth and orders start at the same time and both need it, so it is created before them:
 * auth keeps what is in the file and adds what is missing.
 *
 * @param {Environment} env
 */
export function ordersServiceSecret(env) {
  const kept = demoCredentials(env)?.ORDERS_SERVICE_SECRET;
  if (kept) return kept;
  const secret = randomBytes(32).toString('base64url');
  const folder = dataFolder(env);
  const line = `ORDERS_SERVICE_SECRET=${secret}\n`;
  try {
    mkdirSync(folder, { recursive: true });
    appendFileSync(join(folder, 'demo.env'), line, { mode: 0o600 });
  } catch (error) {
    const advice = 'Set DATA_DIR to a folder that this user can write.';
    const { message } = /** @type {Error} */ (error);
    throw new Failure(`The folder ${folder} cannot be used: ${message}. ${advice}`);
  }
  return secret;
}

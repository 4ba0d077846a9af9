/** Settings of the sample `orders`, which calls billing and so is a client of auth. */
import { randomBytes } from 'node:crypto';
import { demoCredential } from './demo-credentials.mjs';

/** @typedef {import('../workspace.mjs').Environment} Environment */

/**
 * @param {Environment} env
 * @param {string} billing the address of billing, which is also its identifier
 * @returns {Environment}
 */
export const ordersSettings = (env, billing) => ({
  CLIENT_SECRET: demoCredential(env, 'ORDERS_SERVICE_SECRET', () =>
    randomBytes(32).toString('base64url'),
  ),
  BILLING_URL: billing,
  BILLING_RESOURCE: billing,
});

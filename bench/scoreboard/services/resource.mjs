import { once } from 'node:events';

export const PATH = '/orders';
export const SCOPE = 'orders:read';

/** What every service answers to a good token. */
export const ORDERS = { orders: [] };

/** @param {import('express').Express} app @param {number} port */
export async function listen(app, port) {
  // Otherwise Express prints every refusal.
  app.set('env', 'test');
  await once(app.listen(port, '127.0.0.1'), 'listening');
}

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { check, print } from './engine.mjs';
import { Stack } from './stack.mjs';
import { TlsClient } from './tls-client.mjs';

/** @typedef {import('./engine.mjs').Engine} Engine */
/** @typedef {{ accessToken: string, refreshToken: string }} Session */

const AUTH = 'https://auth.localhost';
const ORDERS = 'https://orders.localhost';
const CA_FILE = '/data/caddy/pki/authorities/local/root.crt';

const WORKERS = 6;
const PAUSE_MS = 25;
/** The load before the first kill, between the two, and after the second. */
const PHASE_MS = 5000;
const ATTEMPTS = 20;
const RETRY_AFTER_MS = 250;

/**
 * Two replicas of each app behind TLS. Under load, one replica of orders and one of auth are killed.
 *
 * @param {Engine} engine
 */
export async function checkScale(engine) {
  const stack = new Stack({ engine, project: 'gatehouse-scale-check', profile: 'scale' });
  await stack.down();
  try {
    await stack.up('orders-scaled');
    const [proxy] = stack.containersOf('proxy');
    const ca = await engine.run('exec', proxy, 'cat', CA_FILE);
    const client = new TlsClient({ address: await engine.addressOf(proxy, 443), ca });
    await loadAndKill(stack, client);
    client.close();
  } finally {
    await stack.down();
  }
}

/** @param {Stack} stack @param {TlsClient} client */
async function loadAndKill(stack, client) {
  const credentials = await demoCredentials(stack);
  const sessions = [];
  for (let at = 0; at < WORKERS; at++) sessions.push(await logIn(client, credentials));
  const load = new Load(client);
  const work = Promise.all(sessions.map((session) => load.work(session)));
  await Promise.all([work, killReplicas(stack, load)]);
  print(load.summary());
  await checkNothingLost(load, await work);
}

/** @param {Stack} stack @param {Load} load which ends afterwards, also after a failure */
async function killReplicas(stack, load) {
  for (const service of ['orders-scaled', 'auth-scaled']) {
    await sleep(PHASE_MS);
    const [container] = stack.containersOf(service);
    await stack.engine.run('kill', '--signal', 'KILL', container);
    print(`killed ${container} under load`);
  }
  await sleep(PHASE_MS);
  load.isOver = true;
}

/** @param {Stack} stack */
async function demoCredentials(stack) {
  const [auth] = stack.containersOf('auth-scaled');
  return parseEnv(await stack.engine.run('exec', auth, 'cat', '/run/secrets/demo.env'));
}

/** @param {TlsClient} client @param {NodeJS.Dict<string>} credentials @returns {Promise<Session>} */
async function logIn(client, { DEMO_EMAIL: email, DEMO_PASSWORD: password }) {
  const json = { email, password, scope: 'orders:read orders:write', resource: ORDERS };
  const { status, body } = await client.send(`${AUTH}/auth/login`, { method: 'POST', json });
  check(status === 200, `the demo account can log in through the proxy (status ${status})`);
  return { accessToken: body.access_token, refreshToken: body.refresh_token };
}

/** Places orders, reads them and refreshes, as a client that repeats a request without an answer. */
class Load {
  isOver = false;
  /** @type {Map<number, number>} */
  statuses = new Map();
  repeated = 0;
  /** @type {string[]} ids of orders that were answered with 201 */
  placed = [];

  /** @param {TlsClient} client */
  constructor(client) {
    this.client = client;
  }

  /** @param {Session} session @returns {Promise<Session>} the session after its last refresh */
  async work(session) {
    while (!this.isOver) {
      const id = await this.placeOrder(session.accessToken);
      this.placed.push(id);
      const read = { token: session.accessToken };
      const order = await this.sendUntilAnswered(`${ORDERS}/orders/${id}`, read);
      check(order.status === 200, `order ${id} can be read at once (status ${order.status})`);
      session = await this.refresh(session);
      await sleep(PAUSE_MS);
    }
    return session;
  }

  /** @param {string} token @returns {Promise<string>} */
  async placeOrder(token) {
    const { status, body } = await this.sendUntilAnswered(`${ORDERS}/orders`, {
      method: 'POST',
      token,
      json: { items: [{ sku: 'lantern', quantity: 1, unitPriceMinor: 100 }], currency: 'EUR' },
      headers: { 'idempotency-key': `"${randomUUID()}"` },
    });
    check(status === 201, `an order is accepted (status ${status}): ${JSON.stringify(body)}`);
    return body.id;
  }

  /** @param {Session} session @returns {Promise<Session>} */
  async refresh({ refreshToken }) {
    const json = { refresh_token: refreshToken };
    const call = { method: 'POST', json };
    const { status, body } = await this.sendUntilAnswered(`${AUTH}/auth/refresh`, call);
    check(status === 200, `a session can be refreshed (status ${status}): ${JSON.stringify(body)}`);
    return { accessToken: body.access_token, refreshToken: body.refresh_token };
  }

  /**
   * @param {string} url
   * @param {import('./tls-client.mjs').Call} call
   * @returns {Promise<import('./tls-client.mjs').Answer>}
   */
  async sendUntilAnswered(url, call) {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.client.send(url, call);
      this.statuses.set(answer.status, (this.statuses.get(answer.status) ?? 0) + 1);
      const isLost = answer.status === 0 || answer.status === 429 || answer.status >= 500;
      if (!isLost || attempt === ATTEMPTS) return answer;
      this.repeated++;
      await sleep(RETRY_AFTER_MS);
    }
  }

  summary() {
    const statuses = [...this.statuses].sort(([one], [other]) => one - other);
    const text = statuses
      .map(([status, count]) => `${count} × ${status || 'no answer'}`)
      .join(', ');
    return `${this.placed.length} orders placed; answers: ${text}; ${this.repeated} requests were repeated`;
  }
}

/** @param {Load} load @param {Session[]} sessions */
async function checkNothingLost({ client, placed }, sessions) {
  const [{ accessToken: token }] = sessions;
  const ids = new Set(placed);
  check(ids.size === placed.length, 'no order was stored twice for one Idempotency-Key');
  for (const id of ids) {
    const { status } = await client.send(`${ORDERS}/orders/${id}`, { token });
    check(status === 200, `order ${id} is there (status ${status})`);
  }
  print(`all ${ids.size} orders are there, and all ${sessions.length} sessions go on`);
}

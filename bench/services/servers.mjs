import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageFrom, start, stop } from '../machine/processes.mjs';
import { NEW_ORDER } from '../load/requests.mjs';
import { LINE_UP, ORDERS, PERSON, TOKENS } from './plan.mjs';

/** @typedef {import('../types.js').Stage} Stage */

const SCRIPT = fileURLToPath(new URL('./server.mjs', import.meta.url));

/**
 * Each on a database of its own, probed, with orders to read. All of them are up during the whole part.
 *
 * @param {any} issuer
 * @param {Stage & { store: string }} stage
 */
export async function startServers(issuer, stage) {
  const tokens = Array.from({ length: TOKENS }, () => tokenOf(issuer, PERSON));
  const servers = [];
  for (const each of LINE_UP) {
    const server = await startServer({ ...each, name: nameOf(each) }, { issuer, stage });
    await probe(server, { mine: tokens[0], ofAnother: tokenOf(issuer, 'usr_another') });
    servers.push({ ...server, tokens, ids: await placeOrders(server.port, tokens[0]) });
  }
  return servers;
}

/**
 * @param {{ name: string, platform: string, guarded: boolean }} options
 * @param {{ issuer: any, stage: Stage & { store: string } }} more
 */
async function startServer({ name, platform, guarded }, { issuer, stage }) {
  const { dir, store, pins, postgres, undo } = stage;
  console.log(`starting orders on ${name}, ${store} …`);
  const dataDir = join(dir, name.replaceAll(' ', '-').replace(',', ''));
  mkdirSync(dataDir);
  const child = start({
    script: SCRIPT,
    args: [platform, guarded ? 'guarded' : 'unguarded'],
    env: {
      ...environment(issuer, dataDir),
      ...(store === 'postgresql' && { DATABASE_URL: await postgres.url(`orders-${name}`) }),
    },
    cpu: pins?.server,
    log: `${dataDir}.log`,
  });
  undo.push(() => stop(child));
  return { name, platform, guarded, store, child, chains: [], ...(await messageFrom(child)) };
}

/**
 * Without a secret it has no tokens for billing: invoices wait, and placing an order is measured alone.
 *
 * @param {{ issuer: any, jwksUri: string, audience: string }} options
 * @param {string} dataDir
 */
function environment({ issuer, jwksUri, audience }, dataDir) {
  return {
    NODE_ENV: 'development',
    LOG_LEVEL: 'warn',
    AUTH_ISSUER: issuer,
    AUTH_JWKS_URI: jwksUri,
    AUDIENCE: audience,
    DATA_DIR: dataDir,
  };
}

/** @param {{ platform: string, guarded: boolean }} options */
const nameOf = ({ platform, guarded }) => `${platform}${guarded ? '' : ', unguarded'}`;

/** @param {any} issuer @param {string} sub */
const tokenOf = (issuer, sub) => issuer.token({ sub, scope: 'orders:read orders:write' });

/** @param {number} port @param {string} token */
async function placeOrders(port, token) {
  const ids = [];
  while (ids.length < ORDERS) {
    const answer = await fetch(`http://127.0.0.1:${port}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(NEW_ORDER),
    });
    if (answer.status !== 201) throw new Error(`POST /orders: ${answer.status}`);
    ids.push(/** @type {{ id: string }} */ (await answer.json()).id);
  }
  return ids;
}

/**
 * Before anything is timed: does each server accept the right callers only?
 *
 * @param {{ name: string, guarded: boolean, port: number }} options
 * @param {{ mine: any, ofAnother: any }} more
 */
export async function probe({ name, guarded, port }, { mine, ofAnother }) {
  /**
   * @param {string} what
   * @param {any} seen
   * @param {any} wanted
   */
  const expect = (what, seen, wanted) => {
    if (seen !== wanted) throw new Error(`orders on ${name}: ${what}: ${seen}, not ${wanted}`);
  };
  const orders = `http://127.0.0.1:${port}/orders`;
  const placed = await ask(orders, mine, NEW_ORDER);
  expect('placing an order', placed.status, 201);
  const order = `${orders}/${placed.body.id}`;
  const read = await ask(order, mine);
  expect('the total', read.body.totalMinor, 2100);
  expect('a caller without a token', (await ask(order)).status, guarded ? 401 : 200);
  // The filter for problem details needs Fastify: on the bare Express application it fails, and the refusal is 500.
  const notFound = name.startsWith('express') ? 500 : 404;
  expect('another user', (await ask(order, ofAnother)).status, guarded ? notFound : 200);
  expect('a broken token', (await ask(order, mine.slice(0, -8))).status, guarded ? 401 : 200);
}

/**
 * @param {string} url
 * @param {string} [token]
 * @param {object} [body]
 */
async function ask(url, token, body) {
  const answer = await fetch(url, {
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  // A refusal of the bare Express application is not JSON.
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
  const text = await answer.text();
  return { status: answer.status, body: isJson ? JSON.parse(text) : undefined };
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../tools/terminal/processes.mjs';
import { ready } from '../auth/gatehouse.mjs';
import { NEW_ORDER } from '../load/requests.mjs';
import { signInOnce } from '../load/sign-in.mjs';
import { messageFrom, start, stop } from '../machine/processes.mjs';
import { startGatehouse } from '../server/gatehouse.mjs';
import { PASSWORD, REDIRECT_URI } from '../server/plan.mjs';

/** @typedef {import('../guards/issuer.mjs').Issuer} Issuer */
/** @typedef {import('../types.js').Server} Server */
/** @typedef {{ dir: string, cpu: number | undefined, undo: import('../types.js').Undo[], settings: Record<string, string> }} GatePlace */

const BARE = fileURLToPath(new URL('./bare.mjs', import.meta.url));
const ORDERS = fileURLToPath(new URL('../../apps/orders/dist/main.js', import.meta.url));

/** One for each connection. */
const LOGINS = 16;
/** Codes begin sessions, and an account has a bounded number of them: other accounts refresh. */
const [refreshing, redeeming] = ['refresh', 'code'].map((name) =>
  Array.from({ length: LOGINS }, (_, n) => `${name}-${n}@example.com`),
);

const PERSON = 'usr_of_the_gate';
const KNOWN_TOKENS = 100;
/** New tokens of a measurement, which ends when they are used up. */
const NEW_TOKENS = 4000;

/**
 * Auth and orders as they are shipped, on SQLite, and the bare server that their works are compared with.
 *
 * @param {Issuer} issuer of the tokens for the guarded reads
 * @param {GatePlace} place `settings` are of the product's servers
 * @param {{ needsAuth: boolean, needsOrders: boolean }} works that are measured
 */
export async function startServers(issuer, place, { needsAuth, needsOrders }) {
  const bare = await startBare(issuer, place);
  const auth = needsAuth ? await startAuth(place) : bare;
  const orders = needsOrders ? await startOrders(issuer, place) : bare;
  /** @param {number} count */
  const tokens = (count) => Array.from({ length: count }, () => tokenOf(issuer));
  const known = tokens(KNOWN_TOKENS);
  /** @param {Server} server @returns {Server} */
  const withKnown = (server) => ({ ...server, tokens: known });
  /** @param {Server} server @returns {Server} */
  const withNew = (server) => ({
    ...server,
    once: true,
    // Read for each measurement.
    get tokens() {
      return tokens(NEW_TOKENS);
    },
  });
  return {
    product: { auth, known: withKnown(orders), new: withNew(orders) },
    bare: { auth: bare, known: withKnown(bare), new: withNew(bare) },
  };
}

/** @param {GatePlace} place @returns {Promise<Server>} */
async function startAuth({ undo, ...place }) {
  const server = await startGatehouse({ ...place, name: 'auth' }, [...refreshing, ...redeeming]);
  undo.push(() => stop(server.child));
  const target = { ...server, chains: [], password: PASSWORD };
  const chains = [];
  for (const email of refreshing) {
    chains.push((await signInOnce(target, email)).tokens.refresh_token);
  }
  const sessions = [];
  for (const email of redeeming) sessions.push(await signInOnce(target, email));
  return { ...target, chains, sessions, publicClient: target.codeClient.id };
}

/** @param {Issuer} issuer @param {GatePlace} place @returns {Promise<Server>} */
async function startOrders(issuer, { dir, cpu, undo, settings }) {
  const port = await freePort();
  const dataDir = join(dir, 'orders');
  mkdirSync(dataDir);
  const child = start({
    script: ORDERS,
    env: {
      NODE_ENV: 'development',
      LOG_LEVEL: 'warn',
      HOST: '127.0.0.1',
      PORT: String(port),
      AUTH_ISSUER: issuer.issuer,
      AUTH_JWKS_URI: issuer.jwksUri,
      AUDIENCE: issuer.audience,
      DATA_DIR: dataDir,
      ...settings,
    },
    cpu,
    log: `${dataDir}.log`,
  });
  undo.push(() => stop(child));
  await ready(child, port);
  return { child, chains: [], port, path: await placeOrder(port, tokenOf(issuer)) };
}

/** The path of a new order. @param {number} port @param {string} token */
async function placeOrder(port, token) {
  const answer = await fetch(`http://127.0.0.1:${port}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(NEW_ORDER),
  });
  if (answer.status !== 201) throw new Error(`POST /orders: ${answer.status}`);
  return `/orders/${/** @type {{ id: string }} */ (await answer.json()).id}`;
}

/** @param {Issuer} issuer */
const tokenOf = (issuer) => issuer.token({ sub: PERSON, scope: 'orders:read orders:write' });

/** @param {Issuer} issuer @param {GatePlace} place @returns {Promise<Server>} */
async function startBare(issuer, { dir, cpu, undo }) {
  const args = [join(dir, 'bare.sqlite'), issuer.jwksUri, String(LOGINS)];
  const child = start({ script: BARE, args, cpu, log: join(dir, 'bare.log') });
  undo.push(() => stop(child));
  const codeClient = { id: 'bench-web', redirectUri: REDIRECT_URI };
  return { child, codeClient, ...(await messageFrom(child)) };
}

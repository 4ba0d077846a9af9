import { randomBytes } from 'node:crypto';
import { expectStatus, fetchAnswer, HttpWalk, readJson } from '../smoke/walk.mjs';
import { urlsOf } from '../start/settings.mjs';
import { Failure } from '../terminal/command.mjs';
import { demoCredentials } from '../workspace.mjs';

/** @typedef {import('../smoke/walk.mjs').Step<Walk>} Step */
/** @typedef {import('../smoke/forgeries.mjs').KeySet} KeySet */

/**
 * @typedef {object} Stack
 * @property {import('../smoke/narrator.mjs').Narrator} narrator
 * @property {Record<string, string>} urls of the apps
 * @property {Record<string, string>} resources identifiers of the resource servers
 * @property {KeySet} keySet
 * @property {import('../workspace.mjs').Environment} credentials of the demo clients
 * @property {number} graceSeconds
 */

/** The stack, the user, and the results of earlier steps. */
export class Walk extends HttpWalk {
  /** A new account each time, so that the demo can run again. */
  user = {
    email: `walker-${randomBytes(4).toString('hex')}@gatehouse.example`,
    password: randomBytes(12).toString('base64url'),
  };
  ordersToken = '';
  billingToken = '';
  readToken = '';
  shortLivedToken = '';
  firstRefreshToken = '';
  successor = '';
  rotatedAt = 0;
  expiresBy = 0;
  /** @type {import('../smoke/walk.mjs').Call} */
  orderCall = { url: '' };
  order = { id: '' };
  invoice = { id: '', amountMinor: 0 };

  /** @param {Stack} stack */
  constructor({ narrator, urls, resources, keySet, credentials, graceSeconds }) {
    super(narrator);
    this.urls = urls;
    this.resources = resources;
    this.keySet = keySet;
    this.credentials = credentials;
    this.graceSeconds = graceSeconds;
  }

  /**
   * An access token of the same user, by another login.
   *
   * @param {{ scope: string, app: string }} request
   * @returns {Promise<string>}
   */
  async logIn({ scope, app }) {
    const url = `${this.urls.auth}/auth/login`;
    const json = { ...this.user, scope, resource: this.resources[app] };
    const answer = await this.call({ method: 'POST', url, json });
    expectStatus(answer, 200);
    return answer.body.access_token;
  }
}

/**
 * Checks that the stack runs. Reads the identifiers of the resource servers (RFC 9728) and the public keys (RFC 7517).
 *
 * @param {{ narrator: import('../smoke/narrator.mjs').Narrator, env: import('../workspace.mjs').Environment,
 *   graceSeconds: number }} options
 * @throws {Failure} when an app does not answer
 */
export async function startWalk({ narrator, env, graceSeconds }) {
  const urls = urlsOf(env);
  const credentials = demoCredentials(env);
  const keySet = await readJson('auth', `${urls.auth}/.well-known/jwks.json`);
  /** @type {Record<string, string>} */
  const resources = {};
  for (const app of ['orders', 'billing']) {
    const metadata = await readJson(app, `${urls[app]}/.well-known/oauth-protected-resource`);
    resources[app] = metadata.resource;
  }
  if (!credentials) {
    throw new Failure(
      'The stack has no demo clients (DATA_DIR/demo.env). Start it with: npm start',
    );
  }
  await checkCredentials(urls, credentials);
  return new Walk({ narrator, urls, resources, keySet, credentials, graceSeconds });
}

/**
 * Requests a token as a demo client.
 *
 * @param {Record<string, string>} urls
 * @param {import('../workspace.mjs').Environment} credentials
 * @throws {Failure} when the stack does not know the secret of the file
 */
async function checkCredentials(urls, { ORDERS_SERVICE_SECRET: secret }) {
  const basic = Buffer.from(`orders-service:${secret}`).toString('base64');
  const { status } = await fetchAnswer(`${urls.auth}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  if (status !== 401) return;
  throw new Failure(
    `The stack at ${urls.auth} was started from another folder: DATA_DIR/demo.env of this folder does not fit. ` +
      'Run the demo in the folder of the stack, or give it the same DATA_DIR.',
  );
}

import { randomBytes } from 'node:crypto';
import { urlsOf } from '../start/settings.mjs';
import { Failure } from '../terminal/command.mjs';
import { demoCredentials } from '../workspace.mjs';

const REQUEST_TIMEOUT_MS = 15_000;

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {string} why the sentence that is printed after the requests
 * @property {(walk: Walk) => Promise<void>} run sends requests by `walk.call`, which prints them, and checks the answers
 */

/**
 * @typedef {object} Call
 * @property {string} [method]
 * @property {string} url
 * @property {string} [token] access token, sent as in RFC 6750 §2.1
 * @property {{ id: string, secret?: string }} [client] client authentication by HTTP Basic (RFC 6749 §2.3.1)
 * @property {object} [json]
 * @property {Record<string, string>} [form]
 * @property {Record<string, string>} [headers] others
 */

/** @typedef {{ status: number, challenge?: string, text: string, body: any }} Answer */

/** @typedef {{ keys: import('node:crypto').JsonWebKey[] }} KeySet */

/**
 * @typedef {object} Stack
 * @property {import('./narrator.mjs').Narrator} narrator
 * @property {Record<string, string>} urls of the apps
 * @property {Record<string, string>} resources identifiers of the resource servers
 * @property {KeySet} keySet
 * @property {import('../workspace.mjs').Environment} credentials of the demo clients
 * @property {number} graceSeconds
 */

/** The stack, the user, and the results of earlier steps. */
export class Walk {
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
  /** @type {Call} */
  orderCall = { url: '' };
  order = { id: '' };
  invoice = { id: '', amountMinor: 0 };

  /** @param {Stack} stack */
  constructor({ narrator, urls, resources, keySet, credentials, graceSeconds }) {
    this.narrator = narrator;
    this.urls = urls;
    this.resources = resources;
    this.keySet = keySet;
    this.credentials = credentials;
    this.graceSeconds = graceSeconds;
  }

  /**
   * Sends a request, and prints the request and its answer.
   *
   * @param {Call} call
   * @returns {Promise<Answer>}
   */
  async call(call) {
    const { method = 'GET', url, json, form } = call;
    const headers = { ...authorizationOf(call), ...contentTypeOf(call), ...call.headers };
    const formText = form && new URLSearchParams(form).toString();
    this.narrator.request({ method, url, headers, body: json ?? formText });
    const body = formText ?? (json && JSON.stringify(json));
    const answer = await fetchAnswer(url, { method, headers, ...(body !== undefined && { body }) });
    this.narrator.answer(answer);
    return answer;
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

/** @param {string} url @param {RequestInit} request @returns {Promise<Answer>} */
async function fetchAnswer(url, request) {
  try {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const response = await fetch(url, { ...request, signal });
    const text = await response.text();
    const challenge = response.headers.get('www-authenticate') ?? undefined;
    return { status: response.status, challenge, text, body: parseJson(text) };
  } catch {
    throw new Failure(`${url} does not answer any more. Is the stack still running?`);
  }
}

/** @param {Call} call @returns {Record<string, string>} */
function authorizationOf({ token, client }) {
  if (token) return { authorization: `Bearer ${token}` };
  if (!client) return {};
  const pair = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

/** @param {Call} call @returns {Record<string, string>} */
function contentTypeOf({ json, form }) {
  if (form) return { 'content-type': 'application/x-www-form-urlencoded' };
  return json ? { 'content-type': 'application/json' } : {};
}

/** @param {string} text */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Checks that the stack runs. Reads the identifiers of the resource servers (RFC 9728) and the public keys (RFC 7517).
 *
 * @param {{ narrator: import('./narrator.mjs').Narrator, env: import('../workspace.mjs').Environment,
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

/** @param {string} app @param {string} url @returns {Promise<any>} */
async function readJson(app, url) {
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) {
    const answer = response ? `answers ${response.status}` : 'does not answer';
    throw new Failure(`${app} ${answer} at ${url}. Start the stack in another terminal: npm start`);
  }
  return response.json();
}

/** The stack did not answer as a step says. */
export class UnmetExpectation extends Error {}

/** @param {unknown} holds @param {string} sentence */
export function expectThat(holds, sentence) {
  if (!holds) throw new UnmetExpectation(sentence);
}

/** @param {Answer} answer @param {number} expected */
export function expectStatus({ status, text }, expected) {
  expectThat(
    status === expected,
    `the status should be ${expected}, and was ${status}: ${beginningOf(text)}`,
  );
}

/**
 * RFC 6749 §5.2: the error code that clients act on.
 *
 * @param {Answer} answer
 * @param {string} error
 */
export function expectOAuthError(answer, error) {
  expectStatus(answer, 400);
  expectThat(
    answer.body?.error === error,
    `the error should be ${error}: ${beginningOf(answer.text)}`,
  );
}

/**
 * RFC 6750 §3: the challenge of a refusal has the reason.
 *
 * @param {Answer} answer
 * @param {string[]} parameters
 */
export function expectChallenge({ challenge }, ...parameters) {
  for (const parameter of parameters) {
    expectThat(
      challenge?.includes(parameter),
      `WWW-Authenticate should have ${parameter}, and is ${challenge}`,
    );
  }
}

/** Short, because an unexpected 200 has tokens in its body. @param {string} text */
function beginningOf(text) {
  return text.slice(0, 80);
}

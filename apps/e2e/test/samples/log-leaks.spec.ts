import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { decodeJwt } from 'jose';
import { type Answer, send } from '../support/http.js';
import { type Stack, startStack } from '../support/stack.js';
import {
  aPerson,
  login,
  parseTokenPair,
  refresh,
  register,
  RESOURCES,
} from '../support/auth-api.js';

const SERVER_SECRET = randomBytes(32).toString('base64url');
const secrets = new Map<string, string>([['the server secret', SERVER_SECRET]]);
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({
    LOG_LEVEL: 'debug',
    SERVER_SECRET,
    SEED_DEMO: 'true',
    REFRESH_GRACE_SECONDS: '0',
  });
});

/** Marks a value as one that no log may show. */
function registerSecret(name: string, value: string): string {
  secrets.set(name, value);
  return value;
}

it('writes no password, token, client secret or cookie to a log at level debug', async () => {
  await loginRefreshReplay();
  await cookieLogin();
  await ownAccount();
  await serviceFlow();
  await badTokens();

  const exits = [await stack.auth.stop(), await stack.orders.stop(), await stack.billing.stop()];
  expect(exits).toEqual([0, 0, 0]);
  const printed = [stack.auth, stack.orders, stack.billing].map(({ output }) => output).join('');
  const shown = [...secrets].filter(([, value]) => printed.includes(getPrefix(value)));
  expect(shown.map(([name]) => name)).toEqual([]);
  // The logs were there to be read, the debug lines and the alarms among them.
  for (const word of ['"debug"', 'family.ended', 'login.failed', 'bad_signature', 'client.refused'])
    expect(printed).toContain(word);
});

/** A line that was cut short shows a secret's beginning; this much of one is nowhere by chance. */
const getPrefix = (value: string): string => value.slice(0, 20);

async function loginRefreshReplay(): Promise<void> {
  const { auth, orders } = stack;
  const person = aPerson();
  registerSecret('the password', person.password);
  await register(auth.url, person);
  const wrong = { ...person, password: registerSecret('a wrong password', `${person.password}?`) };
  expectStatus(await login(auth.url, wrong), 400);
  const first = registerTokens('login', await login(auth.url, person));
  const second = registerTokens('refresh', await refresh(auth.url, first.refreshToken));
  const order = { items: [{ sku: 'tea', quantity: 1, unitPriceMinor: 5 }], currency: 'EUR' };
  const token = second.accessToken;
  expectStatus(await send(`${orders.url}/orders`, { token, json: order }), 201);
  expectStatus(await refresh(auth.url, first.refreshToken), 400);
  expectStatus(await refresh(auth.url, second.refreshToken), 400);
}

async function cookieLogin(): Promise<void> {
  const { auth } = stack;
  const person = aPerson();
  await register(auth.url, person);
  const answer = await send(`${auth.url}/auth/login`, { json: { ...person, cookie: true } });
  expectStatus(answer, 200);
  const [pair = ''] = answer.headers.get('set-cookie')?.split(';') ?? [];
  registerSecret('the cookie', pair.split('=')[1] ?? '');
  const headers = { cookie: pair, origin: auth.url };
  expectStatus(await send(`${auth.url}/auth/refresh`, { json: {}, headers }), 200);
}

/** What people do with their own sessions and password. */
async function ownAccount(): Promise<void> {
  const { auth } = stack;
  const person = aPerson();
  await register(auth.url, person);
  const elsewhere = registerTokens('another device', await login(auth.url, person));
  const wish = { resource: auth.url };
  const { accessToken: token } = registerTokens('this device', await login(auth.url, person, wish));
  expectStatus(await send(`${auth.url}/auth/sessions`, { token }), 200);
  const { sid } = decodeJwt<{ sid: string }>(elsewhere.accessToken);
  const end = { method: 'DELETE', token };
  expectStatus(await send(`${auth.url}/auth/sessions/${sid}`, end), 204);
  // A token in the wrong place is looked for as if it were a session.
  expectStatus(await send(`${auth.url}/auth/sessions/${elsewhere.refreshToken}`, end), 404);
  expectStatus(await send(`${auth.url}/auth/sessions`, end), 200);
  const current_password = registerSecret('the password before', person.password);
  const new_password = registerSecret('the new password', aPerson().password);
  const wrong = registerSecret('a wrong current password', aPerson().password);
  const url = `${auth.url}/auth/password`;
  const guess = { token, json: { current_password: wrong, new_password } };
  expectStatus(await send(url, guess), 400);
  expectStatus(await send(url, { token, json: { current_password, new_password } }), 200);
  expectStatus(await send(`${auth.url}/oauth/status-lists`), 200);
}

async function serviceFlow(): Promise<void> {
  const { auth, billing, dataDir } = stack;
  const demo = parseEnv(await readFile(join(dataDir, 'demo.env'), 'utf8'));
  for (const [name, value] of Object.entries(demo)) {
    if (!name.endsWith('_EMAIL')) registerSecret(name, value ?? '');
  }
  const client = `orders-service:${demo['ORDERS_SERVICE_SECRET']}`;
  registerSecret('the Basic credentials', Buffer.from(client).toString('base64'));
  const url = `${auth.url}/oauth/token`;
  const form = { grant_type: 'client_credentials', resource: RESOURCES.billing };
  const { status, body } = await send(url, { client, form });
  expect(status).toBe(200);
  const token = registerSecret("the service's access token", String(body['access_token']));
  const json = { customer: 'acct_somebody', orderId: 'ord_1', amountMinor: 5, currency: 'EUR' };
  expectStatus(await send(`${billing.url}/invoices`, { token, json }), 201);
  const guess = registerSecret('a guessed client secret', randomBytes(12).toString('base64url'));
  expectStatus(await send(url, { client: `orders-service:${guess}`, form }), 401);
}

/** The apps log refusals. A refused token may be a valid token with a missing character. */
async function badTokens(): Promise<void> {
  const { auth, orders, billing } = stack;
  const person = aPerson();
  await register(auth.url, person);
  const { accessToken, refreshToken } = registerTokens(
    'another login',
    await login(auth.url, person),
  );
  const forged = registerSecret('a forged token', `${accessToken.slice(0, -6)}AAAAAA`);
  expectStatus(await send(`${orders.url}/orders`, { token: forged }), 401);
  expectStatus(await send(`${billing.url}/invoices`, { token: accessToken }), 401);
  // RFC 6750 §2.3: tokens in the URL are not read here, and must not be kept in a log either.
  expectStatus(await send(`${orders.url}/orders?access_token=${accessToken}`), 401);
  const url = `${auth.url}/auth/refresh`;
  expectStatus(await send(`${url}?refresh_token=${refreshToken}`, { method: 'POST' }), 400);
  const garbled = { 'content-type': 'application/json' };
  const broken = await fetch(url, { method: 'POST', headers: garbled, body: `{"${refreshToken}` });
  expect(broken.status).toBe(400);
}

function registerTokens(name: string, answer: Answer) {
  const pair = parseTokenPair(answer);
  registerSecret(`the access token of ${name}`, pair.accessToken);
  registerSecret(`the refresh token of ${name}`, pair.refreshToken);
  return pair;
}

function expectStatus({ status, text }: Answer, expected: number): void {
  expect({ status, text }).toEqual({ status: expected, text });
}

import { decodeJwt } from 'jose';
import { type Answer, send } from '../support/http.js';
import { waitUntil } from '../support/wait-until.js';
import { type Stack, startStack } from '../support/stack.js';
import {
  aPerson,
  login,
  parseTokenPair,
  refresh,
  register,
  registerAndLogIn,
} from '../support/auth-api.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ SEED_DEMO: 'true', LOG_LEVEL: 'info', STATUS_LIST_TTL: '1' });
});

const AN_ORDER = { items: [{ sku: 'tea', quantity: 2, unitPriceMinor: 450 }], currency: 'EUR' };

async function placeOrder(token: string): Promise<string> {
  const answer = await send(`${stack.orders.url}/orders`, { token, json: AN_ORDER });
  expect(answer.status).toBe(201);
  return String(answer.body['id']);
}
const readInvoice = (id: string, token: string) =>
  send(`${stack.orders.url}/orders/${id}/invoice`, { token });
const waitForStatus = (status: number, ask: () => Promise<Answer>) =>
  waitUntil(`an answer with ${status}`, async () => {
    const answer = await ask();
    return answer.status === status && answer;
  });

/** What billing has logged of those who act for others. */
const readDelegations = () =>
  stack.billing.output
    .split('\n')
    .flatMap((line) => (line.includes('"Delegation"') ? [line] : []))
    .map((line): { detail: Record<string, unknown> } => JSON.parse(line))
    .map(({ detail }) => detail);

describe('an invoice that orders reads for the user (RFC 8693)', () => {
  it('returns the invoice of the order, and billing logs user and actor', async () => {
    const { accessToken } = await registerAndLogIn(stack.auth.url);
    const id = await placeOrder(accessToken);
    const { body } = await waitForStatus(200, () => readInvoice(id, accessToken));

    expect(body).toMatchObject({ orderId: id, amountMinor: 900, currency: 'EUR', state: 'open' });
    const { sub } = decodeJwt(accessToken);
    await waitUntil('billing has written its log', async () => readDelegations().length > 0);
    expect(readDelegations().at(-1)).toMatchObject({
      subject: sub,
      actor: 'orders-service',
      client: 'orders-service',
    });
  });

  it('hides the invoice from other users', async () => {
    const { accessToken } = await registerAndLogIn(stack.auth.url);
    const id = await placeOrder(accessToken);
    await waitForStatus(200, () => readInvoice(id, accessToken));
    const { accessToken: other } = await registerAndLogIn(stack.auth.url);

    expect((await readInvoice(id, other)).status).toBe(404);
  });

  it('answers 403 if the user did not grant the scope at login', async () => {
    const person = aPerson();
    await register(stack.auth.url, person);
    const wish = { scope: 'orders:read orders:write' };
    const { accessToken } = parseTokenPair(await login(stack.auth.url, person, wish));
    const id = await placeOrder(accessToken);

    expect((await readInvoice(id, accessToken)).status).toBe(403);
  });

  it('refuses a revoked session even if orders cached the exchanged token', async () => {
    const { auth } = stack;
    const { accessToken, refreshToken } = await registerAndLogIn(auth.url);
    const id = await placeOrder(accessToken);
    await waitForStatus(200, () => readInvoice(id, accessToken));
    const own = parseTokenPair(await refresh(auth.url, refreshToken, { resource: auth.url }));
    const { sid } = decodeJwt<{ sid: string }>(own.accessToken);
    const end = { method: 'DELETE', token: own.accessToken };
    expect((await send(`${auth.url}/auth/sessions/${sid}`, end)).status).toBe(204);

    await waitForStatus(401, () => readInvoice(id, accessToken));
  });

  it('answers 503 while auth is down, but accepts the order and invoices it later', async () => {
    const { accessToken, refreshToken } = await registerAndLogIn(stack.auth.url);
    const known = await placeOrder(accessToken);
    await waitForStatus(200, () => readInvoice(known, accessToken));
    const fresh = parseTokenPair(await refresh(stack.auth.url, refreshToken)).accessToken;
    await stack.auth.kill();

    // A cached exchanged token needs no request to auth.
    expect((await readInvoice(known, accessToken)).status).toBe(200);
    const id = await placeOrder(fresh);
    const away = await readInvoice(id, fresh);
    expect(away.status).toBe(503);
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);

    await stack.auth.start();
    await waitForStatus(200, () => readInvoice(id, fresh));
  });
});

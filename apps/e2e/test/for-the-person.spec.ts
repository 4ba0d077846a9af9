import { decodeJwt } from 'jose';
import { type Answer, send } from '../src/http.js';
import { until } from '../src/replicas/until.js';
import { type Stack, startStack } from '../src/stack.js';
import { aLogin, aPerson, login, pairOf, refresh, register } from '../src/token-answers.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ SEED_DEMO: 'true', LOG_LEVEL: 'info', STATUS_LIST_TTL: '1' });
});

const AN_ORDER = { items: [{ sku: 'tea', quantity: 2, unitPriceMinor: 450 }], currency: 'EUR' };

async function anOrder(token: string): Promise<string> {
  const answer = await send(`${stack.orders.url}/orders`, { token, json: AN_ORDER });
  expect(answer.status).toBe(201);
  return String(answer.body['id']);
}
const invoiceOf = (id: string, token: string) =>
  send(`${stack.orders.url}/orders/${id}/invoice`, { token });
const comesToBe = (status: number, ask: () => Promise<Answer>) =>
  until(`an answer with ${status}`, async () => {
    const answer = await ask();
    return answer.status === status && answer;
  });

/** What billing has logged of those who act for others. */
const delegations = () =>
  stack.billing.output
    .split('\n')
    .flatMap((line) => (line.includes('"Delegation"') ? [line] : []))
    .map((line): { detail: Record<string, unknown> } => JSON.parse(line))
    .map(({ detail }) => detail);

describe('orders asks billing for the person who asks orders (RFC 8693)', () => {
  it('shows the invoice of their order, and billing knows who acts for whom', async () => {
    const { accessToken } = await aLogin(stack.auth.url);
    const id = await anOrder(accessToken);
    const { body } = await comesToBe(200, () => invoiceOf(id, accessToken));

    expect(body).toMatchObject({ orderId: id, amountMinor: 900, currency: 'EUR', state: 'open' });
    const { sub } = decodeJwt(accessToken);
    await until('billing has written its log', async () => delegations().length > 0);
    expect(delegations().at(-1)).toMatchObject({
      subject: sub,
      actor: 'orders-service',
      client: 'orders-service',
    });
  });

  it('shows nothing of it to anybody else', async () => {
    const { accessToken } = await aLogin(stack.auth.url);
    const id = await anOrder(accessToken);
    await comesToBe(200, () => invoiceOf(id, accessToken));
    const { accessToken: other } = await aLogin(stack.auth.url);

    expect((await invoiceOf(id, other)).status).toBe(404);
  });

  it('is a 403 where the person has not granted so much at their login', async () => {
    const person = aPerson();
    await register(stack.auth.url, person);
    const wish = { scope: 'orders:read orders:write' };
    const { accessToken } = pairOf(await login(stack.auth.url, person, wish));
    const id = await anOrder(accessToken);

    expect((await invoiceOf(id, accessToken)).status).toBe(403);
  });

  it('is over when the session is, also where a token in exchange was kept', async () => {
    const { auth } = stack;
    const { accessToken, refreshToken } = await aLogin(auth.url);
    const id = await anOrder(accessToken);
    await comesToBe(200, () => invoiceOf(id, accessToken));
    const own = pairOf(await refresh(auth.url, refreshToken, { resource: auth.url }));
    const { sid } = decodeJwt<{ sid: string }>(own.accessToken);
    const end = { method: 'DELETE', token: own.accessToken };
    expect((await send(`${auth.url}/auth/sessions/${sid}`, end)).status).toBe(204);

    await comesToBe(401, () => invoiceOf(id, accessToken));
  });

  it('is a 503 while auth is away, and nothing is lost: the order is taken, and invoiced after', async () => {
    const { accessToken, refreshToken } = await aLogin(stack.auth.url);
    const known = await anOrder(accessToken);
    await comesToBe(200, () => invoiceOf(known, accessToken));
    const fresh = pairOf(await refresh(stack.auth.url, refreshToken)).accessToken;
    await stack.auth.kill();

    // With a token in exchange that is kept, nobody needs auth.
    expect((await invoiceOf(known, accessToken)).status).toBe(200);
    const id = await anOrder(fresh);
    const away = await invoiceOf(id, fresh);
    expect(away.status).toBe(503);
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);

    await stack.auth.start();
    await comesToBe(200, () => invoiceOf(id, fresh));
  });
});

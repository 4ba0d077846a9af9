import { waitUntil } from '@gatehouse/service-kit/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestIssuer } from '@gatehouse/guards/testing';
import {
  BILLING,
  decodeClaims,
  type FakeServices,
  startFakeServices,
} from '../support/fake-services.js';
import { AUDIENCE, type Caller, RunningOrders } from '../support/running-orders.js';

let issuer: TestIssuer;
let next: FakeServices;
let orders: RunningOrders;
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-orders-'));
  issuer = await TestIssuer.start({ audience: AUDIENCE });
  next = await startFakeServices(issuer);
  orders = await RunningOrders.start({ dataDir }, { issuer, settings: next.settings() });
});
afterAll(async () => {
  await orders.close();
  await next.close();
  await issuer.close();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(() => {
  [next.billing.failure, next.tokens.refusal] = [undefined, undefined];
});

const exchanges = () =>
  next.tokens.requests.filter(({ grant_type = '' }) => grant_type.endsWith(':token-exchange'));

async function anInvoicedOrder(caller: Caller): Promise<string> {
  const { id } = await caller.placeOrder();
  await waitUntil(() => next.billing.invoices.has(id));
  return id;
}

describe('GET /orders/:id/invoice', () => {
  it('returns the invoice of an order, read with the user’s exchanged token (RFC 8693)', async () => {
    const token = issuer.accessToken({ sub: 'alice', scope: 'orders:read orders:write' });
    const alice = orders.withToken(token);
    const id = await anInvoicedOrder(alice);
    const answer = await alice.get(`/orders/${id}/invoice`);

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      id: `inv_${id}`,
      state: 'open',
      orderId: id,
      amountMinor: 2500,
      currency: 'EUR',
      issuedAt: '2026-11-25T12:00:00.000Z',
      paidAt: null,
    });
    expect(exchanges().at(-1)).toMatchObject({
      subject_token: token,
      resource: BILLING,
      scope: 'billing:read',
    });
    const used = next.billing.tokens.at(-1);
    expect(used).not.toBe(token);
    expect(decodeClaims(used)).toMatchObject({ sub: 'alice', act: { sub: 'orders-service' } });
  });

  it('exchanges a token once for several reads', async () => {
    const bob = orders.asUser('bob');
    const id = await anInvoicedOrder(bob);
    const before = exchanges().length;
    await Promise.all(Array.from({ length: 20 }, () => bob.get(`/orders/${id}/invoice`)));

    expect(exchanges()).toHaveLength(before + 1);
  });

  it('answers 404 with Retry-After while there is no invoice', async () => {
    const carol = orders.asUser('carol');
    next.billing.failure = { status: 500 };
    const { id } = await carol.placeOrder();
    next.billing.failure = { status: 200, json: { invoices: [] } };
    const answer = await carol.get(`/orders/${id}/invoice`);

    expect(answer.status).toBe(404);
    expect(answer.body.detail).toBe('The order has no invoice yet.');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it.each<[name: string, failure: object]>([
    ['billing fails', { status: 500 }],
    ['billing answers with an unexpected body', { status: 200, json: { invoices: 'none' } }],
    ['billing answers without JSON', { status: 200 }],
    ['billing redirects', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
  ])('answers 503 with Retry-After when %s', async (_name, failure) => {
    const dora = orders.asUser('dora');
    const id = await anInvoicedOrder(dora);
    next.billing.failure = Object(failure);
    const answer = await dora.get(`/orders/${id}/invoice`);

    expect(answer.status).toBe(503);
    expect(answer.headers['content-type']).toMatch('application/problem+json');
    expect(answer.headers['retry-after']).toBe('2');
  });

  it('answers 503 while the authorization server is down, and succeeds afterwards', async () => {
    const eve = orders.asUser('eve');
    const id = await anInvoicedOrder(eve);
    await next.tokens.stop();
    const away = await eve.get(`/orders/${id}/invoice`);
    expect(away.status).toBe(503);
    expect(away.headers['retry-after']).toBe('2');

    await next.tokens.start();
    expect((await eve.get(`/orders/${id}/invoice`)).status).toBe(200);
  });

  it.each([
    ['invalid_scope', 403],
    ['invalid_target', 403],
    ['invalid_request', 401],
    ['invalid_grant', 401],
  ])('translates the error %s of the exchange to %i (RFC 8693 §2.2.2)', async (error, status) => {
    const fay = orders.asUser('fay');
    const id = await anInvoicedOrder(fay);
    next.tokens.refusal = { status: 400, json: { error } };
    const answer = await fay.get(`/orders/${id}/invoice`);

    expect(answer.status).toBe(status);
    if (status === 401) {
      expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    }
  });

  it('calls neither server for the order of another user', async () => {
    const id = await anInvoicedOrder(orders.asUser('gus'));
    const before = exchanges().length;

    expect((await orders.asUser('mallory').get(`/orders/${id}/invoice`)).status).toBe(404);
    expect(exchanges()).toHaveLength(before);
  });
});

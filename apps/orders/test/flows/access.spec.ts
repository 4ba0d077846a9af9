import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccessRules } from '@gatehouse/guards';
import { expectGuarded, TestIssuer } from '@gatehouse/guards/testing';
import { ORDERS_SCOPES } from '../../src/orders.scopes.js';
import { anOrder } from '../support/factories.js';
import { AUDIENCE, RunningOrders, useRunningOrders } from '../support/running-orders.js';

const orders = useRunningOrders();
const UNKNOWN = 'ord_AAAAAAAAAAAAAAAAAAAAAA';
/** The scope is the one of two alternatives that is not for staff. */
const NEEDED =
  'resource_metadata="http://localhost:3001/.well-known/oauth-protected-resource", scope="orders:read"';

describe('ownership of orders', () => {
  it.each([
    ['an order of another user', (own: string) => own],
    ['an unknown id', () => UNKNOWN],
    ['a malformed id', () => 'ord_1'],
    ['a path as the id', () => '..%2fhealth%2flive'],
    ['an id with NUL', () => 'ord_%00'],
  ])('answers %s with the same 404, byte for byte', async (_name, idOf) => {
    const { id } = await orders().asUser('alice').placeOrder();
    const mallory = orders().asUser('mallory');
    const unknown = await mallory.get(`/orders/${UNKNOWN}`);

    for (const answer of [
      await mallory.get(`/orders/${idOf(id)}`),
      await mallory.post(`/orders/${idOf(id)}/cancel`),
      await mallory.cancelOrder(idOf(id)),
      await mallory.get(`/orders/${idOf(id)}/invoice`),
    ]) {
      expect(answer.status).toBe(404);
      expect(answer.text).toBe(unknown.text);
      expect({ ...answer.headers, date: '' }).toEqual({ ...unknown.headers, date: '' });
    }
  });
});

describe('scopes (RFC 6750 §3.1)', () => {
  it('guards its routes with exactly the declared scopes', () => {
    expect(orders().app.get(AccessRules).scopes()).toEqual(Object.keys(ORDERS_SCOPES).sort());
  });

  it.each([
    ['POST', '/orders', 'orders:write'],
    ['GET', '/orders', 'orders:read'],
    ['GET', `/orders/${UNKNOWN}`, 'orders:read'],
    ['GET', `/orders/${UNKNOWN}/invoice`, 'orders:read'],
    ['POST', `/orders/${UNKNOWN}/cancel`, 'orders:write'],
  ])(
    'answers %s %s without %s with 403 and names the scope in the challenge',
    async (method, path, scope) => {
      const others = Object.keys(ORDERS_SCOPES).filter((other) => !other.startsWith(scope));
      const caller = orders().asUser('alice', { scope: others.join(' ') });
      const answer = await (method === 'GET' ? caller.get(path) : caller.post(path, anOrder()));

      expect(answer.status).toBe(403);
      expect(answer.headers['www-authenticate']).toContain(
        `error="insufficient_scope", scope="${scope}"`,
      );
    },
  );
});

describe('the scope orders:read:any of support staff', () => {
  const support = (scope = 'orders:read:any') => orders().asUser('support', { scope });

  it('lets support staff read each order and list the orders of each owner', async () => {
    const nora = orders().asUser('nora');
    const placed = await nora.placeOrder();

    expect((await support().get(`/orders/${placed.id}`)).body).toEqual(placed);
    const list = await support().get('/orders').query({ owner: 'nora' });
    expect(list.body).toEqual({ orders: [placed] });
  });

  it('lists their own orders when support staff name no owner', async () => {
    await orders().asUser('olaf').placeOrder();

    expect((await support().get('/orders')).body).toEqual({ orders: [] });
  });

  it('lists the orders of all owners to support staff, in pages', async () => {
    const placed = [
      await orders().asUser('stan').placeOrder(),
      await orders().asUser('tess').placeOrder(),
    ];
    const query = { everyone: 'true', placedFrom: placed[0]?.placedAt, limit: 1 };
    const first = (await support().get('/orders').query(query).expect(200)).body;
    const second = (
      await support()
        .get('/orders')
        .query({ ...query, after: first.next })
    ).body;

    const listed = [...first.orders, ...second.orders].map(({ id }: { id: string }) => id);
    expect(listed.sort()).toEqual(placed.map(({ id }) => id).sort());
  });

  it('does not let support staff change an order', async () => {
    const { id } = await orders().asUser('paul').placeOrder();
    const answer = await support('orders:read:any orders:write').cancelOrder(id);

    expect(answer.status).toBe(404);
    expect((await orders().asUser('paul').get(`/orders/${id}`)).body.state).toBe('placed');
  });

  it('answers support staff with the same 404 as other callers', async () => {
    const answer = await support().get(`/orders/${UNKNOWN}`);

    expect(answer.status).toBe(404);
    expect(answer.text).toBe((await orders().asUser('mallory').get(`/orders/${UNKNOWN}`)).text);
  });

  it.each([
    ['of another user', { owner: 'quin' }],
    ['of two owners', { owner: ['mallory', 'quin'] }],
    ['of an empty owner', { owner: '' }],
    ['of all owners', { everyone: 'true' }],
    ['of all owners, with a malformed value', { everyone: '' }],
  ])(
    'rejects a list of orders %s without the scope with 403, and names the scope',
    async (_name, query) => {
      const answer = await orders().asUser('mallory').get('/orders').query(query);

      expect(answer.status).toBe(403);
      expect(answer.headers['www-authenticate']).toContain('scope="orders:read:any"');
    },
  );

  it('lets a user name themselves as the owner', async () => {
    const rita = orders().asUser('rita');
    const placed = await rita.placeOrder();

    const { body } = await rita.get('/orders').query({ owner: 'rita' });
    expect(body).toEqual({ orders: [placed] });
  });
});

describe('access tokens (RFC 9068 §4)', () => {
  it('rejects a missing token, a wrong audience and a missing scope on every route but health and metadata', async () => {
    const { app, issuer } = orders();

    expect(await expectGuarded(app, issuer)).toEqual([
      'GET /orders',
      'GET /orders/x',
      'GET /orders/x/invoice',
      'POST /orders',
      'POST /orders/x/cancel',
    ]);
  });

  it('rejects a token for billing', async () => {
    const answer = await orders().asUser('alice', { aud: 'http://localhost:3002' }).get('/orders');

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('answers a missing token with 401, the address of the metadata and the scope that a user can grant (RFC 6750 §3, RFC 9728 §5.1)', async () => {
    const answer = await orders().anonymous().get('/orders');

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(new RegExp(`^Bearer ${NEEDED}(, DPoP |$)`));
  });

  it('writes nothing when the token has expired', async () => {
    const { issuer } = orders();
    const expired = issuer.accessToken({ sub: 'grace', scope: 'orders:write', exp: 1 });
    await orders().withToken(expired).post('/orders', anOrder()).expect(401);

    expect((await orders().asUser('grace').get('/orders')).body).toEqual({ orders: [] });
  });

  it('logs the rule that a token broke, and never the token', async () => {
    const { issuer, log } = orders();
    const expired = issuer.accessToken({ sub: 'heidi', scope: 'orders:read', exp: 1 });
    const [, claims = '', signature = ''] = expired.split('.');
    await orders().withToken(expired).get('/orders').expect(401);

    expect(log.join('')).toContain('"refused":"expired"');
    expect(log.join('')).not.toContain(claims);
    expect(log.join('')).not.toContain(signature);
  });

  it('logs a refusal with the id, method and path of its request, and the values that differ', async () => {
    const { issuer, log } = orders();
    const foreign = issuer.accessToken({ sub: 'heidi', aud: 'https://other.example' });
    await orders().withToken(foreign).get('/orders?secret=x').expect(401);
    const lines = log.flatMap((text) => text.trim().split('\n')).map((text) => JSON.parse(text));
    const refusal = lines.findLast(({ msg }) => msg === 'refused');

    expect(refusal).toMatchObject({
      refused: 'wrong_audience',
      method: 'GET',
      path: '/orders',
      issuer: issuer.issuer,
      why: expect.stringContaining('aud is "https://other.example", and must name'),
    });
    const request = { msg: 'request', reqId: refusal.reqId, status: 401 };
    expect(lines).toContainEqual(expect.objectContaining(request));
  });

  it('warns once when the issuer does not answer, however many requests are refused', async () => {
    const { app, readLog, close } = await startDuringOutage();
    for (let sent = 0; sent < 4; sent += 1) await app.asUser('ivan').get('/orders').expect(503);
    await close();

    const refusals = readLog().filter(({ msg }) => msg === 'refused');
    expect(refusals.map(({ level }) => level)).toEqual(['warn', 'debug', 'debug', 'debug']);
    expect(refusals[0]).toMatchObject({
      refused: 'keys_unavailable',
      path: '/orders',
      why: expect.stringContaining('answered with status 500'),
    });
  });
});

/** A service whose issuer has answered nothing since the start. */
async function startDuringOutage() {
  const issuer = await TestIssuer.start({ audience: AUDIENCE });
  issuer.fail();
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-orders-'));
  const app = await RunningOrders.start({ dataDir }, { issuer, settings: { LOG_LEVEL: 'debug' } });
  const readLog = () =>
    app.log.flatMap((text) => text.trim().split('\n')).map((text) => JSON.parse(text));
  const close = async () => {
    await app.close();
    await issuer.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { app, readLog, close };
}

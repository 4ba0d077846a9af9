import { setTimeout as delay } from 'node:timers/promises';
import { anOrder } from '../support/factories.js';
import { type Caller, useRunningOrders } from '../support/running-orders.js';

const orders = useRunningOrders();

const idsOf = (body: { orders: { id: string }[] }) => body.orders.map(({ id }) => id);

async function place(caller: Caller, count: number): Promise<string[]> {
  const ids = [];
  for (let n = 0; n < count; n += 1) ids.push((await caller.placeOrder()).id);
  return ids;
}

describe('GET /orders', () => {
  it('returns an empty list to a user without orders', async () => {
    const answer = await orders().asUser('newcomer').get('/orders');

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ orders: [] });
  });

  it('lists the orders of the caller only', async () => {
    const own = await place(orders().asUser('bob'), 1);
    await place(orders().asUser('carol'), 1);

    expect(idsOf((await orders().asUser('bob').get('/orders')).body)).toEqual(own);
  });

  it('lists twenty orders per page by default', async () => {
    const dora = orders().asUser('dora');
    const ids = await place(dora, 21);
    const first = (await dora.get('/orders')).body;
    const second = (await dora.get('/orders').query({ after: first.next })).body;

    expect(first.orders).toHaveLength(20);
    expect(second.orders).toHaveLength(1);
    expect(second).not.toHaveProperty('next');
    expect(idsOf(first).concat(idsOf(second)).sort()).toEqual(ids.sort());
  });

  it('lists the newest order first', async () => {
    const { body } = await orders().asUser('dora').get('/orders');
    const instants = body.orders.map(({ placedAt }: { placedAt: string }) => placedAt);

    expect(instants).toEqual([...instants].sort().reverse());
  });

  it('does not shift the next page when a new order is placed', async () => {
    const eve = orders().asUser('eve');
    const ids = await place(eve, 3);
    const first = (await eve.get('/orders').query({ limit: 2 })).body;
    await eve.placeOrder(anOrder({ currency: 'CHF' }));
    const second = (await eve.get('/orders').query({ limit: 2, after: first.next })).body;

    expect(idsOf(first).concat(idsOf(second)).sort()).toEqual(ids.sort());
  });

  it('shows no orders of another user to a caller with their cursor', async () => {
    const frank = orders().asUser('frank');
    await place(frank, 2);
    const { next } = (await frank.get('/orders').query({ limit: 1 })).body;

    const { body } = await orders().asUser('mallory').get('/orders').query({ after: next });
    expect(body).toEqual({ orders: [] });
  });
});

describe('filters of GET /orders', () => {
  let ids: readonly string[] = [];
  let instants: readonly string[] = [];
  const list = async (query: object) => {
    const { body } = await orders().asUser('gina').get('/orders').query(query).expect(200);
    return idsOf(body);
  };

  beforeAll(async () => {
    const gina = orders().asUser('gina');
    const placed = [];
    for (let n = 0; n < 4; n += 1) {
      placed.push(await gina.placeOrder());
      await delay(5);
    }
    await gina.cancelOrder(placed[1]?.id ?? '').expect(200);
    [ids, instants] = [placed.map(({ id }) => id), placed.map(({ placedAt }) => placedAt)];
  });

  it('filters by state', async () => {
    expect(await list({ state: 'cancelled' })).toEqual([ids[1]]);
    expect(await list({ state: 'placed' })).toEqual([ids[3], ids[2], ids[0]]);
  });

  it('filters by the time of placing: from placedFrom on, before placedBefore', async () => {
    expect(await list({ placedFrom: instants[1], placedBefore: instants[3] })).toEqual([
      ids[2],
      ids[1],
    ]);
  });

  it('accepts times with an offset (RFC 3339)', async () => {
    const inDelhi = new Date(Date.parse(instants[2] ?? '') + 19_800_000).toISOString();

    expect(await list({ placedFrom: inDelhi.replace('Z', '+05:30') })).toEqual([ids[3], ids[2]]);
  });

  it('combines all filters with pages', async () => {
    const gina = orders().asUser('gina');
    const query = { state: 'placed', placedFrom: instants[0], limit: 2 };
    const first = (await gina.get('/orders').query(query)).body;
    const second = (await gina.get('/orders').query({ ...query, after: first.next })).body;

    expect(idsOf(first)).toEqual([ids[3], ids[2]]);
    expect(idsOf(second)).toEqual([ids[0]]);
    expect(second).not.toHaveProperty('next');
  });
});

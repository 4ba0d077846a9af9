import { anOrder } from './mothers.js';
import { type Caller, runningOrders } from './running-orders.js';

const orders = runningOrders();

const idsOf = (body: { orders: { id: string }[] }) => body.orders.map(({ id }) => id);

async function place(caller: Caller, count: number): Promise<string[]> {
  const ids = [];
  for (let n = 0; n < count; n += 1) ids.push((await caller.places()).id);
  return ids;
}

describe('GET /orders', () => {
  it('is empty for somebody who has none', async () => {
    const answer = await orders().as('newcomer').get('/orders');

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ orders: [] });
  });

  it('lists one’s own only', async () => {
    const own = await place(orders().as('bob'), 1);
    await place(orders().as('carol'), 1);

    expect(idsOf((await orders().as('bob').get('/orders')).body)).toEqual(own);
  });

  it('gives twenty to a page where no limit is named', async () => {
    const dora = orders().as('dora');
    const ids = await place(dora, 21);
    const first = (await dora.get('/orders')).body;
    const second = (await dora.get('/orders').query({ after: first.next })).body;

    expect(first.orders).toHaveLength(20);
    expect(second.orders).toHaveLength(1);
    expect(second).not.toHaveProperty('next');
    expect(idsOf(first).concat(idsOf(second)).sort()).toEqual(ids.sort());
  });

  it('is newest first', async () => {
    const { body } = await orders().as('dora').get('/orders');
    const instants = body.orders.map(({ placedAt }: { placedAt: string }) => placedAt);

    expect(instants).toEqual([...instants].sort().reverse());
  });

  it('does not shift the next page when an order is placed meanwhile', async () => {
    const eve = orders().as('eve');
    const ids = await place(eve, 3);
    const first = (await eve.get('/orders').query({ limit: 2 })).body;
    await eve.places(anOrder({ currency: 'CHF' }));
    const second = (await eve.get('/orders').query({ limit: 2, after: first.next })).body;

    expect(idsOf(first).concat(idsOf(second)).sort()).toEqual(ids.sort());
  });

  it('shows nothing of others to somebody who has their cursor', async () => {
    const frank = orders().as('frank');
    await place(frank, 2);
    const { next } = (await frank.get('/orders').query({ limit: 1 })).body;

    const { body } = await orders().as('mallory').get('/orders').query({ after: next });
    expect(body).toEqual({ orders: [] });
  });
});

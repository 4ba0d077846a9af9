import { eachDatabase } from '@gatehouse/persistence/testing';
import { RunningOrders } from './running-orders.js';

eachDatabase('POST /orders/:id/cancel', (fresh) => {
  let orders: RunningOrders;
  beforeEach(async () => {
    orders = await RunningOrders.start(await fresh());
  });
  afterEach(() => orders.close());

  it('cancels a placed order', async () => {
    const alice = orders.as('alice');
    const placed = await alice.places();
    const answer = await alice.post(`/orders/${placed.id}/cancel`);

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      ...placed,
      state: 'cancelled',
      cancelledAt: expect.any(String),
    });
    expect((await alice.get(`/orders/${placed.id}`)).body).toEqual(answer.body);
  });

  it('answers 409 the second time, and says in which state the order is', async () => {
    const alice = orders.as('alice');
    const { id } = await alice.places();
    const first = await alice.post(`/orders/${id}/cancel`);
    const second = await alice.post(`/orders/${id}/cancel`);

    expect(second.status).toBe(409);
    expect(second.headers['content-type']).toMatch('application/problem+json');
    expect(second.body).toMatchObject({ status: 409, state: 'cancelled' });
    expect((await alice.get(`/orders/${id}`)).body).toEqual(first.body);
  });

  it('lets one of fifty at once win', async () => {
    const alice = orders.as('alice');
    const { id } = await alice.places();
    const cancels = Array.from({ length: 50 }, () => alice.post(`/orders/${id}/cancel`));
    const statuses = (await Promise.all(cancels)).map(({ status }) => status);

    expect(statuses.sort()).toEqual([200, ...Array<number>(49).fill(409)]);
  });

  it('leaves the order of somebody else alone', async () => {
    const { id } = await orders.as('alice').places();
    const answer = await orders.as('mallory').post(`/orders/${id}/cancel`);

    expect(answer.status).toBe(404);
    expect((await orders.as('alice').get(`/orders/${id}`)).body.state).toBe('placed');
  });
});

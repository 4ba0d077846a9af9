import { eachDatabase } from '@gatehouse/persistence/testing';
import { RunningOrders } from '../support/running-orders.js';

eachDatabase('conditional requests (RFC 9110 §13)', (fresh) => {
  let orders: RunningOrders;
  beforeAll(async () => {
    orders = await RunningOrders.start(await fresh());
  });
  afterAll(() => orders.close());

  describe('GET /orders/:id', () => {
    const read = async (ifNoneMatch: (etag: string) => string) => {
      const alice = orders.asUser('alice');
      const { id } = await alice.placeOrder();
      const { etag = '' } = (await alice.get(`/orders/${id}`)).headers;
      return alice.get(`/orders/${id}`).set('if-none-match', ifNoneMatch(etag));
    };

    it.each([
      ['its entity tag', (etag: string) => etag],
      ['a list with it', (etag: string) => `"x", ${etag} , "y"`],
      ['it, marked as weak: the comparison is weak', (etag: string) => `W/${etag}`],
      ['*', () => '*'],
    ])('answers 304 without a body to who has %s (§13.1.2)', async (_name, ifNoneMatch) => {
      const answer = await read(ifNoneMatch);

      expect(answer.status).toBe(304);
      expect(answer.text).toBe('');
      expect(answer.headers['etag']).toBe('"1"');
      expect(answer.headers['cache-control']).toBe('private, no-cache');
    });

    it.each([
      ['another', '"2"'],
      ['one that only begins like it', '"11"'],
      ['none that could be read', 'one'],
      ['nothing', ''],
    ])('shows the order to who has %s', async (_name, ifNoneMatch) => {
      const answer = await read(() => ifNoneMatch);

      expect(answer.status).toBe(200);
      expect(answer.headers['etag']).toBe('"1"');
    });

    it('has another entity tag for each version', async () => {
      const alice = orders.asUser('alice');
      const { id } = await alice.placeOrder();
      const cancelled = await alice.cancelOrder(id, '"1"');
      const answer = await alice.get(`/orders/${id}`).set('if-none-match', '"1"');

      expect(cancelled.headers['etag']).toBe('"2"');
      expect(answer.status).toBe(200);
      expect(answer.headers['etag']).toBe('"2"');
    });

    it('does not tell by a 304 that somebody else has an order', async () => {
      const { id } = await orders.asUser('alice').placeOrder();
      const answer = await orders.asUser('mallory').get(`/orders/${id}`).set('if-none-match', '*');

      expect(answer.status).toBe(404);
    });
  });

  describe('POST /orders/:id/cancel', () => {
    it.each(['"1"', '"7", "1"', '*', ' "1" ', ', "7",, "1" ,', 'W/"1","1"', '"a,b","1"'])(
      'cancels the order with If-Match: %s',
      async (tag) => {
        const alice = orders.asUser('alice');
        const placed = await alice.placeOrder();
        const answer = await alice.cancelOrder(placed.id, tag);

        expect(answer.status).toBe(200);
        expect(answer.body).toEqual({
          ...placed,
          state: 'cancelled',
          cancelledAt: expect.any(String),
        });
        expect((await alice.get(`/orders/${placed.id}`)).body).toEqual(answer.body);
      },
    );

    it('wants to know which version its client has seen: 428 (RFC 6585 §3)', async () => {
      const alice = orders.asUser('alice');
      const { id } = await alice.placeOrder();
      const answer = await alice.post(`/orders/${id}/cancel`);

      expect(answer.status).toBe(428);
      expect(answer.body.detail).toContain('If-Match');
      expect((await alice.get(`/orders/${id}`)).body.state).toBe('placed');
    });

    it.each([
      ['another version', '"2"'],
      ['a weak tag: the comparison is strong', 'W/"1"'],
      ['a list of others', '"0", "11"'],
    ])('is a 412 for %s, and changes nothing (§13.1.1)', async (_name, ifMatch) => {
      const alice = orders.asUser('alice');
      const { id } = await alice.placeOrder();
      const answer = await alice.cancelOrder(id, ifMatch);

      expect(answer.status).toBe(412);
      expect((await alice.get(`/orders/${id}`)).body.state).toBe('placed');
    });

    it.each(['one', '"1', '"1" "2"', '*, "1"', '', ', ,', 'w/"1"', '"1", *', '"1"x'])(
      'is a 400 for If-Match: %s',
      async (ifMatch) => {
        const alice = orders.asUser('alice');
        const { id } = await alice.placeOrder();

        expect((await alice.cancelOrder(id, ifMatch)).status).toBe(400);
      },
    );

    it('is a 409 for who has seen that it is cancelled, and says so', async () => {
      const alice = orders.asUser('alice');
      const { id } = await alice.placeOrder();
      const first = await alice.cancelOrder(id, '"1"');
      const second = await alice.cancelOrder(id, '"2"');

      expect(second.status).toBe(409);
      expect(second.headers['content-type']).toMatch('application/problem+json');
      expect(second.body).toMatchObject({ status: 409, state: 'cancelled' });
      expect((await alice.get(`/orders/${id}`)).body).toEqual(first.body);
    });

    it.each([
      ['have seen the same version', '"1"', 412],
      ['do not mind the version', '*', 409],
    ])('lets one of fifty at once win who %s', async (_name, ifMatch, loses) => {
      const alice = orders.asUser('alice');
      const { id } = await alice.placeOrder();
      const cancels = Array.from({ length: 50 }, () => alice.cancelOrder(id, ifMatch));
      const statuses = (await Promise.all(cancels)).map(({ status }) => status);

      expect(statuses.sort()).toEqual([200, ...Array<number>(49).fill(loses)]);
      expect((await alice.get(`/orders/${id}`)).headers['etag']).toBe('"2"');
    });
  });
});

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
      ['the entity tag', (etag: string) => etag],
      ['a list with the entity tag', (etag: string) => `"x", ${etag} , "y"`],
      ['the weak form of the entity tag', (etag: string) => `W/${etag}`],
      ['*', () => '*'],
    ])(
      'answers 304 without a body when If-None-Match has %s (§13.1.2)',
      async (_name, ifNoneMatch) => {
        const answer = await read(ifNoneMatch);

        expect(answer.status).toBe(304);
        expect(answer.text).toBe('');
        expect(answer.headers['etag']).toBe('"1"');
        expect(answer.headers['cache-control']).toBe('private, no-cache');
      },
    );

    it.each([
      ['another tag', '"2"'],
      ['a longer tag with the same begin', '"11"'],
      ['a malformed tag', 'one'],
      ['no tag', ''],
    ])('returns the order when If-None-Match has %s', async (_name, ifNoneMatch) => {
      const answer = await read(() => ifNoneMatch);

      expect(answer.status).toBe(200);
      expect(answer.headers['etag']).toBe('"1"');
    });

    it('cancels for a client that sends a content type without content (RFC 9110 §8.3)', async () => {
      const alice = orders.asUser('alice');
      const { id } = await alice.placeOrder();
      const answer = await alice.cancelOrder(id).set('content-type', 'application/json');
      expect(answer.status).toBe(200);
    });

    it('sends a different entity tag for each version', async () => {
      const alice = orders.asUser('alice');
      const { id } = await alice.placeOrder();
      const cancelled = await alice.cancelOrder(id, '"1"');
      const answer = await alice.get(`/orders/${id}`).set('if-none-match', '"1"');

      expect(cancelled.headers['etag']).toBe('"2"');
      expect(answer.status).toBe(200);
      expect(answer.headers['etag']).toBe('"2"');
    });

    it('answers 404 and not 304 for the order of another user', async () => {
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

    it('answers 428 when If-Match is missing (RFC 6585 §3)', async () => {
      const alice = orders.asUser('alice');
      const { id } = await alice.placeOrder();
      const answer = await alice.post(`/orders/${id}/cancel`);

      expect(answer.status).toBe(428);
      expect(answer.body.detail).toContain('If-Match');
      expect((await alice.get(`/orders/${id}`)).body.state).toBe('placed');
    });

    it.each([
      ['another version', '"2"'],
      ['a weak tag', 'W/"1"'],
      ['a list of other tags', '"0", "11"'],
    ])(
      'answers 412 when If-Match has %s, and changes nothing (§13.1.1)',
      async (_name, ifMatch) => {
        const alice = orders.asUser('alice');
        const { id } = await alice.placeOrder();
        const answer = await alice.cancelOrder(id, ifMatch);

        expect(answer.status).toBe(412);
        expect((await alice.get(`/orders/${id}`)).body.state).toBe('placed');
      },
    );

    it.each(['one', '"1', '"1" "2"', '*, "1"', '', ', ,', 'w/"1"', '"1", *', '"1"x'])(
      'rejects If-Match: %s with 400',
      async (ifMatch) => {
        const alice = orders.asUser('alice');
        const { id } = await alice.placeOrder();

        expect((await alice.cancelOrder(id, ifMatch)).status).toBe(400);
      },
    );

    it('answers 409 with the state when the client has read that the order is cancelled', async () => {
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
      ['the same version', '"1"', 412],
      ['any version', '*', 409],
    ])('lets one of fifty simultaneous requests for %s succeed', async (_name, ifMatch, loses) => {
      const alice = orders.asUser('alice');
      const { id } = await alice.placeOrder();
      const cancels = Array.from({ length: 50 }, () => alice.cancelOrder(id, ifMatch));
      const statuses = (await Promise.all(cancels)).map(({ status }) => status);

      expect(statuses.sort()).toEqual([200, ...Array<number>(49).fill(loses)]);
      expect((await alice.get(`/orders/${id}`)).headers['etag']).toBe('"2"');
    });
  });
});

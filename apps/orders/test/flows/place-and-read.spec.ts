import { anOrder } from '../support/factories.js';
import { useRunningOrders } from '../support/running-orders.js';

const orders = useRunningOrders();

describe('POST /orders', () => {
  it('answers 201 with the order and its Location (RFC 9110 §15.3.2)', async () => {
    const answer = await orders().asUser('alice').post('/orders', anOrder());

    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      ...anOrder(),
      id: expect.stringMatching(/^ord_[\w-]{22}$/),
      state: 'placed',
      totalMinor: 2500,
      placedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      cancelledAt: null,
    });
    expect(answer.headers['location']).toBe(`/orders/${answer.body.id}`);
    expect(answer.headers['etag']).toBe('"1"');
  });

  it.each(['EUR', 'JPY', 'KWD', 'CLF', 'XAF'])(
    'accepts the ISO 4217 currency %s',
    async (currency) => {
      const isCurrency = Intl.supportedValuesOf('currency').includes(currency);
      const answer = await orders().asUser('alice').post('/orders', anOrder({ currency }));

      expect(answer.status).toBe(isCurrency ? 201 : 400);
    },
  );

  it('computes a total up to 10^12 minor units exactly', async () => {
    const items = [
      { sku: 'yacht', quantity: 9, unitPriceMinor: 111_111_111_111 },
      { sku: 'cup', quantity: 1, unitPriceMinor: 1 },
    ];
    const { body } = await orders().asUser('alice').post('/orders', anOrder({ items }));

    expect(body.totalMinor).toBe(1_000_000_000_000);
  });
});

describe('GET /orders/:id', () => {
  it('returns the order as it was placed', async () => {
    const alice = orders().asUser('alice');
    const { body: placed } = await alice.post('/orders', anOrder());
    const answer = await alice.get(`/orders/${placed.id}`);

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(placed);
    expect(answer.headers['cache-control']).toBe('private, no-cache');
  });
});

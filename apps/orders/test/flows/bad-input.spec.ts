import { anOrder } from '../support/factories.js';
import { useRunningOrders } from '../support/running-orders.js';

const orders = useRunningOrders();
const item = { sku: 'cup', quantity: 1, unitPriceMinor: 500 };
const withItem = (changes: object) => anOrder({ items: [{ ...item, ...changes }] });

afterEach(async () => {
  expect((await orders().asUser('mallory').get('/orders')).body).toEqual({ orders: [] });
});

describe('an invalid order', () => {
  it.each<[name: string, body: unknown, fault: object]>([
    ['an array', [], { pointer: '#' }],
    ['an unknown member', { ...anOrder(), owner: 'alice' }, { detail: /"owner"/ }],
    ['a total', { ...anOrder(), totalMinor: 1 }, { detail: /"totalMinor"/ }],
    ['an unknown member in an item', withItem({ price: 1 }), { pointer: '#/items/0' }],
    ['no currency', { items: [item] }, { pointer: '#/currency' }],
    ['a currency in small letters', anOrder({ currency: 'eur' }), { pointer: '#/currency' }],
    ['an unknown currency', anOrder({ currency: 'EUX' }), { pointer: '#/currency' }],
    ['the code for no currency', anOrder({ currency: 'XXX' }), { pointer: '#/currency' }],
    ['the code for tests', anOrder({ currency: 'XTS' }), { pointer: '#/currency' }],
    ['a currency with a line end', anOrder({ currency: 'EUR\n' }), { pointer: '#/currency' }],
    ['no items', anOrder({ items: [] }), { pointer: '#/items' }],
    ['101 items', anOrder({ items: Array(101).fill(item) }), { pointer: '#/items' }],
    ['items that are a string', { ...anOrder(), items: 'cup' }, { pointer: '#/items' }],
    ['an empty sku', withItem({ sku: '' }), { pointer: '#/items/0/sku' }],
    ['a NUL in the sku', withItem({ sku: 'a\0' }), { pointer: '#/items/0/sku' }],
    ['an object as sku', withItem({ sku: { $ne: 1 } }), { pointer: '#/items/0/sku' }],
    ['a quantity of zero', withItem({ quantity: 0 }), { pointer: '#/items/0/quantity' }],
    ['a negative quantity', withItem({ quantity: -1 }), { pointer: '#/items/0/quantity' }],
    ['a fractional quantity', withItem({ quantity: 0.5 }), { pointer: '#/items/0/quantity' }],
    ['a quantity as text', withItem({ quantity: '1' }), { pointer: '#/items/0/quantity' }],
    [
      'a price of 1e300',
      withItem({ unitPriceMinor: 1e300 }),
      { pointer: '#/items/0/unitPriceMinor' },
    ],
    [
      'a price above 2^53',
      withItem({ unitPriceMinor: 2 ** 53 + 2 }),
      { pointer: '#/items/0/unitPriceMinor' },
    ],
    [
      'a total beyond 10^12',
      withItem({ quantity: 10_000, unitPriceMinor: 1_000_000_000_000 }),
      { pointer: '#/items' },
    ],
    [
      'a total beyond 10^12 by one',
      anOrder({
        items: [
          { ...item, unitPriceMinor: 1e12 },
          { ...item, unitPriceMinor: 1 },
        ],
      }),
      { pointer: '#/items' },
    ],
  ])('rejects %s with 400 and writes nothing', async (_name, body, fault) => {
    const answer = await orders().asUser('mallory').post('/orders', Object(body));

    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch('application/problem+json');
    const [name, value] = Object.entries(fault)[0] ?? [];
    const values = answer.body.errors.map((error: Record<string, string>) => error[name ?? '']);
    expect(values.join()).toMatch(value instanceof RegExp ? value : new RegExp(`^${value}`));
  });
});

describe('an unreadable body', () => {
  it.each<[name: string, type: string, body: string, status: number]>([
    ['malformed JSON', 'application/json', '{"items":', 400],
    ['an empty body', 'application/json', '', 400],
    ['null', 'application/json', 'null', 400],
    ['__proto__', 'application/json', '{"__proto__":{"items":[]}}', 400],
    ['a form', 'application/x-www-form-urlencoded', 'currency=EUR', 415],
    ['plain text', 'text/plain', JSON.stringify(anOrder()), 415],
    ['a body of 70 KiB', 'application/json', JSON.stringify({ currency: 'E'.repeat(71_680) }), 413],
    ['deep nesting', 'application/json', '['.repeat(30_000) + ']'.repeat(30_000), 400],
  ])('rejects %s', async (_name, type, body, status) => {
    const answer = await orders()
      .asUser('mallory')
      .post('/orders')
      .set('content-type', type)
      .send(body);

    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch('application/problem+json');
  });
});

describe('an invalid page request', () => {
  it.each([
    'limit=-1',
    'limit=0',
    'limit=101',
    'limit=1.5',
    'limit=many',
    'limit=',
    'limit=1&limit=2',
    'limit=99999999999999999999',
    'after=',
    'after=AAAA',
    'after=a&after=b',
    `after=${Buffer.from("0.ord_' OR 1=1 --").toString('base64url')}`,
    `after=${Buffer.from(`${'9'.repeat(16)}.ord_${'A'.repeat(22)}`).toString('base64url')}`,
    'state=shipped',
    'state=placed&state=cancelled',
    'placedFrom=yesterday',
    'placedFrom=2026-11-25',
    'placedBefore=2026-13-01T00:00:00Z',
    'customer=alice',
  ])('rejects ?%s with 400', async (query) => {
    const answer = await orders().asUser('mallory').get(`/orders?${query}`);

    expect(answer.status).toBe(400);
    expect(answer.body.errors).not.toHaveLength(0);
  });

  it.each([
    'owner=',
    'owner=%00',
    'owner=alice%00',
    `owner=${'o'.repeat(256)}`,
    'owner=a&owner=b',
    'everyone=',
    'everyone=yes',
    'everyone=true&everyone=true',
    'everyone=true&owner=alice',
  ])('rejects ?%s of support staff with 400', async (query) => {
    const support = orders().asUser('support', { scope: 'orders:read:any' });

    expect((await support.get(`/orders?${query}`)).status).toBe(400);
  });
});

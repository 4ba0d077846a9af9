import {
  type Basket,
  countItems,
  parseBasket,
  setQuantity,
  toItems,
} from '../../client/src/catalogue.js';
import {
  findRequestOf,
  type KeyValueStore,
  keepPendingRequest,
  takePendingRequest,
} from '../../client/src/pending-request.js';
import { endAttempt, readAttempt, startAttempt } from '../../client/src/shop/order-attempt.js';

function createStorage(): KeyValueStore {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

describe('a request that waits for a sign-in (RFC 9470)', () => {
  const request = {
    path: '/api/invoices/inv_1/refund',
    headers: { 'idempotency-key': 'key' },
    kind: 'refund' as const,
    account: 'ada@example.org',
    returnTo: '/orders/ord_1',
  };
  const queryOf = (address: string) => address.slice(address.indexOf('?'));

  it('the tab continues it with its key at the address of the sign-in', () => {
    const storage = createStorage();
    const address = keepPendingRequest(storage, request, 0);

    expect(address).toMatch(/^\/orders\/ord_1\?resume=[\w-]{36}$/);
    expect(takePendingRequest(storage, queryOf(address), 1)).toEqual(request);
  });

  it('the tab continues it once', () => {
    const storage = createStorage();
    const query = queryOf(keepPendingRequest(storage, request, 0));
    takePendingRequest(storage, query, 1);

    expect(takePendingRequest(storage, query, 2)).toBeUndefined();
  });

  it.each([
    ['comes back without signing in', () => ''],
    [
      'opens an address that an attacker made',
      () => '?resume=00000000-0000-0000-0000-000000000000',
    ],
  ])('the tab drops it when the user %s', (_name, query) => {
    const storage = createStorage();
    const address = keepPendingRequest(storage, request, 0);

    expect(takePendingRequest(storage, query(), 1)).toBeUndefined();
    expect(takePendingRequest(storage, queryOf(address), 1)).toBeUndefined();
  });

  it('the tab drops it when the user signs in to another account', () => {
    expect(findRequestOf(request, 'ada@example.org')).toBe(request);
    expect(findRequestOf(request, 'bob@example.org')).toBeUndefined();
    expect(findRequestOf(request, undefined)).toBeUndefined();
    expect(findRequestOf(undefined, undefined)).toBeUndefined();
  });

  it('the tab drops it after ten minutes', () => {
    const storage = createStorage();
    const query = queryOf(keepPendingRequest(storage, request, 0));

    expect(takePendingRequest(storage, query, 600_000)).toBeUndefined();
  });
});

describe('an order without an answer', () => {
  const [tea] = toItems({ 'green-tea': 2 });
  const items = tea ? [tea] : [];

  it('the tab sends the first content with the first key, until the order is answered', () => {
    const storage = createStorage();
    const first = startAttempt(storage, 'ada@example.org', items);

    expect(startAttempt(storage, 'ada@example.org', [])).toEqual(first);
    endAttempt(storage);
    expect(startAttempt(storage, 'ada@example.org', items).key).not.toBe(first.key);
  });

  it('another account in the same tab does not send it', () => {
    const storage = createStorage();
    startAttempt(storage, 'ada@example.org', items);

    expect(readAttempt(storage, 'eve@example.org')).toBeUndefined();
  });
});

describe('the basket', () => {
  it('the tab keeps known products in possible quantities', () => {
    const text = JSON.stringify({ teapot: 2, cup: 0, honey: 1.5, 'green-tea': 1e9, unknown: 1 });

    expect(parseBasket(text)).toEqual({ teapot: 2, 'green-tea': 99 });
    expect(parseBasket(null)).toEqual({});
    expect(parseBasket('null')).toEqual({});
  });

  it('the customer adds and removes products', () => {
    const basket: Basket = setQuantity(setQuantity({}, 'cup', 2), 'teapot', 1);

    expect(countItems(basket)).toBe(3);
    expect(setQuantity(basket, 'cup', 0)).toEqual({ teapot: 1 });
    expect(toItems(basket)).toEqual([
      { sku: 'teapot', quantity: 1, unitPriceMinor: 3900 },
      { sku: 'cup', quantity: 2, unitPriceMinor: 1250 },
    ]);
  });
});

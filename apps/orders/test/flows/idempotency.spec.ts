import { TestClock, waitUntil } from '@gatehouse/service-kit/testing';
import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase, type TestDatabase } from '@gatehouse/persistence/testing';
import { anOrder } from '../support/factories.js';
import { type Caller, RunningOrders } from '../support/running-orders.js';

const DAY_SECONDS = 86_400;
const KEY = '8e03978e-40d5-43e8-bc93-6894a57f9324';

eachDatabase('Idempotency-Key (draft-ietf-httpapi-idempotency-key-header)', (fresh) => {
  let database: TestDatabase;
  let orders: RunningOrders;
  const clock = TestClock.running();

  beforeAll(async () => {
    database = await fresh();
    orders = await RunningOrders.start(database, { clock });
  });
  afterAll(() => orders.close());

  const place = (caller: Caller, key: string, body: object = anOrder()) =>
    caller.post('/orders', body).set('idempotency-key', key);
  const ordersOf = async (subject: string) =>
    (await orders.asUser(subject).get('/orders')).body.orders as object[];
  const storedKeysOf = (subject: string) =>
    orders.rows('SELECT request_key FROM idempotency_key WHERE subject = $1', [subject]);

  it('repeats the first answer, also after the order has changed (§2.6)', async () => {
    const ada = orders.asUser('ada');
    const first = await place(ada, `"${KEY}"`);
    expect(first.status).toBe(201);
    await ada.cancelOrder(first.body.id).expect(200);
    const again = await place(ada, `"${KEY}"`);

    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    for (const name of ['location', 'etag']) expect(again.headers[name]).toBe(first.headers[name]);
    expect(await ordersOf('ada')).toHaveLength(1);
  });

  it('treats a key without quotation marks as the same key', async () => {
    const bea = orders.asUser('bea');
    const first = await place(bea, `"${KEY}"`);

    expect((await place(bea, KEY)).body).toEqual(first.body);
  });

  it('ignores spaces and the order of members in the body', async () => {
    const cleo = orders.asUser('cleo');
    const { items, currency } = anOrder();
    const first = await place(cleo, KEY, { items, currency });

    expect((await place(cleo, KEY, { currency, items })).body).toEqual(first.body);
  });

  it('answers 422 when the key was used for another request, and writes nothing (§2.7)', async () => {
    const dan = orders.asUser('dan');
    await place(dan, KEY).expect(201);
    const other = await place(dan, KEY, anOrder({ currency: 'CHF' }));

    expect(other.status).toBe(422);
    expect(other.headers['content-type']).toMatch('application/problem+json');
    expect(await ordersOf('dan')).toHaveLength(1);
  });

  it('places one order for fifty simultaneous requests, with equal answers', async () => {
    const eve = orders.asUser('eve');
    const answers = await Promise.all(Array.from({ length: 50 }, () => place(eve, KEY)));

    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(201));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await ordersOf('eve')).toHaveLength(1);
  });

  it('places one order when two replicas receive the request', async () => {
    const replica = await RunningOrders.start(database, { clock, issuer: orders.issuer });
    const callers = [orders.asUser('fay'), replica.asUser('fay')];
    const requests = Array.from({ length: 20 }, (_, n) => place(callers[n % 2] as Caller, KEY));
    const answers = await Promise.all(requests);
    await replica.close();

    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await ordersOf('fay')).toHaveLength(1);
  });

  it('separates the keys of different subjects', async () => {
    const gus = await place(orders.asUser('gus'), KEY);
    const hal = await place(orders.asUser('hal'), KEY, anOrder({ currency: 'CHF' }));

    expect(hal.status).toBe(201);
    expect(hal.body.id).not.toBe(gus.body.id);
  });

  it('places another order for each request without a key', async () => {
    const ida = orders.asUser('ida');
    const [one, other] = [await ida.placeOrder(), await ida.placeOrder()];

    expect(one.id).not.toBe(other.id);
  });

  it('does not use up a key by a rejected request', async () => {
    const jan = orders.asUser('jan');
    await place(jan, KEY, anOrder({ items: [] })).expect(400);

    expect((await place(jan, KEY)).status).toBe(201);
  });

  it.each([
    ['an empty key', '""'],
    ['a key of 129 characters', 'k'.repeat(129)],
    ['two keys', '"one", "two"'],
    ['an open quotation mark', '"one'],
    ['an escape', '"o\\"ne"'],
    ['a character outside ASCII', 'clé'],
  ])('rejects %s with 400, and writes nothing', async (_name, key) => {
    const answer = await place(orders.asUser('kim'), key);

    expect(answer.status).toBe(400);
    expect(await ordersOf('kim')).toEqual([]);
  });

  it('stores order, key and message to billing together or not at all', async () => {
    const work = orders.app.get(UnitOfWork);
    await work.execute('ALTER TABLE invoice_delivery RENAME TO elsewhere');
    const failed = await place(orders.asUser('lea'), KEY);
    await work.execute('ALTER TABLE elsewhere RENAME TO invoice_delivery');

    expect(failed.status).toBe(500);
    expect(await ordersOf('lea')).toEqual([]);
    expect(await storedKeysOf('lea')).toEqual([]);
    const placed = await place(orders.asUser('lea'), KEY).expect(201);
    const due = await orders.rows('SELECT customer FROM invoice_delivery WHERE order_id = $1', [
      placed.body.id,
    ]);
    expect(due).toEqual([{ customer: 'lea' }]);
  });

  it('accepts an expired key again after a day, and deletes expired rows', async () => {
    const mia = orders.asUser('mia');
    const first = await place(mia, KEY);
    clock.advance({ seconds: DAY_SECONDS - 60 });
    expect((await place(mia, KEY)).body.id).toBe(first.body.id);
    clock.advance({ seconds: 60 });
    const next = await place(mia, KEY, anOrder({ currency: 'CHF' }));
    expect(next.status).toBe(201);
    expect(next.body.id).not.toBe(first.body.id);

    clock.advance({ seconds: DAY_SECONDS });
    const sweeper = await RunningOrders.start(database, { clock, issuer: orders.issuer });
    await waitUntil(async () => (await storedKeysOf('mia')).length === 0);
    await sweeper.close();
  });

  it('answers 429 after ten thousand keys, and keeps the earlier keys', async () => {
    const ned = orders.asUser('ned');
    const first = await place(ned, KEY);
    await orders.app.get(UnitOfWork).execute(
      `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 9999)
       INSERT INTO idempotency_key (subject, request_key, fingerprint, order_id, expires_at)
       SELECT 'ned', 'k' || n, '', '', 9999999999999 FROM n`,
    );
    const beyond = await place(ned, 'one-more');

    expect(beyond.status).toBe(429);
    expect(Number(beyond.headers['retry-after'])).toBeGreaterThan(0);
    expect((await place(ned, KEY)).body).toEqual(first.body);
    expect(await ordersOf('ned')).toHaveLength(1);
  });
});

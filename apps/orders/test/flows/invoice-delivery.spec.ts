import { TestClock, waitUntil } from '@gatehouse/service-kit/testing';
import { TestIssuer } from '@gatehouse/guards/testing';
import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase, type TestDatabase } from '@gatehouse/persistence/testing';
import {
  BILLING,
  decodeClaims,
  type FakeServices,
  startFakeServices,
} from '../support/fake-services.js';
import { AUDIENCE, RunningOrders } from '../support/running-orders.js';

eachDatabase('every order gets its invoice', (fresh) => {
  const clock = TestClock.running();
  let issuer: TestIssuer;
  let next: FakeServices;
  let database: TestDatabase;
  let running: RunningOrders[];

  beforeEach(async () => {
    issuer = await TestIssuer.start({ audience: AUDIENCE });
    next = await startFakeServices(issuer);
    [database, running] = [await fresh(), []];
  });
  afterEach(async () => {
    for (const orders of running) await orders.close();
    await next.close();
    await issuer.close();
  });

  async function aReplica(changes: Record<string, string> = {}): Promise<RunningOrders> {
    const settings = { ...next.settings(), ...changes };
    const orders = await RunningOrders.start(database, { issuer, settings, clock });
    running.push(orders);
    return orders;
  }
  const waiting = (orders: RunningOrders) =>
    orders.rows<{ id: string; attempts: number; refusal: string | null }>(
      `SELECT order_id AS id, attempts, refusal FROM invoice_delivery
       UNION ALL SELECT order_id, attempts, refusal FROM cancellation_delivery ORDER BY 1`,
    );
  const settled = (orders: RunningOrders) =>
    waitUntil(async () => (await waiting(orders)).length === 0);
  /** The same, where pauses between attempts are over at once. */
  const settledInTime = (orders: RunningOrders) =>
    waitUntil(async () => {
      clock.advance({ seconds: 60 });
      return (await waiting(orders)).length === 0;
    });
  const triedTwice = (orders: RunningOrders) =>
    waitUntil(async () => {
      clock.advance({ seconds: 60 });
      return ((await waiting(orders))[0]?.attempts ?? 0) > 1;
    });
  const calls = () => next.billing.received.filter(({ method }) => method === 'POST');
  const bodies = () => calls().map(({ text }) => JSON.parse(text));

  it('with what it costs and who is to pay, by a token of the service itself for that alone', async () => {
    const orders = await aReplica();
    const { id } = await orders.asUser('alice').placeOrder();
    await settled(orders);

    expect(bodies()).toEqual([
      { orderId: id, customer: 'alice', amountMinor: 2500, currency: 'EUR' },
    ]);
    expect(decodeClaims(next.billing.tokens[0])).toMatchObject({
      sub: 'orders-service',
      aud: BILLING,
      scope: 'billing:invoices:create',
    });
  });

  it('by one token for many', async () => {
    const orders = await aReplica();
    await Promise.all(Array.from({ length: 30 }, () => orders.asUser('alice').placeOrder()));
    await settled(orders);

    expect(next.billing.invoices.size).toBe(30);
    expect(next.tokens.received).toHaveLength(1);
  });

  it('once, whichever of two replicas is at work', async () => {
    const [one, other] = [await aReplica(), await aReplica()];
    const placed = Array.from({ length: 30 }, (_, n) =>
      (n % 2 ? one : other).asUser('bob').placeOrder(),
    );
    await Promise.all(placed);
    await settled(one);

    expect(calls()).toHaveLength(30);
    expect(next.billing.invoices.size).toBe(30);
  });

  it.each<[name: string, away: () => Promise<unknown>, back: () => Promise<unknown>]>([
    ['billing is away', () => next.billing.stop(), () => next.billing.start()],
    [
      'billing fails',
      async () => (next.billing.failure = { status: 500 }),
      async () => (next.billing.failure = undefined),
    ],
    [
      'billing does not let it in',
      async () => (next.billing.failure = { status: 403 }),
      async () => (next.billing.failure = undefined),
    ],
    ['the authorization server is away', () => next.tokens.stop(), () => next.tokens.start()],
  ])('later, when %s, and the person notices nothing', async (_name, away, back) => {
    await away();
    const orders = await aReplica();
    await orders.asUser('alice').placeOrder();
    await triedTwice(orders);
    await back();
    await settledInTime(orders);

    expect(next.billing.invoices.size).toBe(1);
    const told = orders.log.filter((line) => /InvoiceRelay/.test(line));
    expect(told.map((line): unknown => JSON.parse(line).level)).toEqual(['warn', 'info']);
  });

  it('with another token, where the one that was kept is not accepted any more', async () => {
    const orders = await aReplica();
    next.billing.failure = { status: 401 };
    await orders.asUser('alice').placeOrder();
    await triedTwice(orders);
    next.billing.failure = undefined;
    await settledInTime(orders);

    expect(new Set(next.billing.tokens).size).toBe(next.billing.tokens.length);
  });

  it('never, where billing says that the order has another one: it is kept, with what was said', async () => {
    const orders = await aReplica();
    next.billing.failure = { status: 409, json: { detail: 'says otherwise' } };
    const { id } = await orders.asUser('alice').placeOrder();
    await waitUntil(async () => (await waiting(orders))[0]?.refusal !== null);
    next.billing.failure = undefined;
    const { id: other } = await orders.asUser('alice').placeOrder();
    await waitUntil(async () => (await waiting(orders)).length === 1);

    expect(next.billing.invoices.has(other)).toBe(true);
    expect(await waiting(orders)).toEqual([
      { id, attempts: 1, refusal: expect.stringContaining('409') },
    ]);
    expect(orders.log.join('')).toContain(`${id} gets no invoice until an operator corrects it`);
  });

  it('from the next process, where the one that had it in hand has died', async () => {
    const orders = await aReplica({ CLIENT_SECRET: '' });
    const { id } = await orders.asUser('alice').placeOrder();
    // As a process does that is killed while billing is asked.
    await orders.app
      .get(UnitOfWork)
      .execute('UPDATE invoice_delivery SET attempts = 1, next_attempt_at = $1', [
        clock.now() + 10_000,
      ]);
    const successor = await aReplica();
    await successor.asUser('bob').placeOrder();
    await waitUntil(async () => (await waiting(successor)).length === 1);
    expect(next.billing.invoices.has(id)).toBe(false);

    clock.advance({ seconds: 10 });
    await settledInTime(successor);
    expect(next.billing.invoices.has(id)).toBe(true);
  });

  it('as soon as the service has a secret: until then it says so, and takes orders', async () => {
    const without = await aReplica({ CLIENT_SECRET: '' });
    await without.asUser('alice').placeOrder();
    expect(without.log.join('')).toContain('CLIENT_SECRET is not set');
    expect(await waiting(without)).toHaveLength(1);

    const orders = await aReplica();
    await settled(orders);
    expect(next.billing.invoices.size).toBe(1);
  });

  it('also when the process is told to stop in the middle of it', async () => {
    next.billing.failure = 'never';
    const orders = await aReplica();
    await orders.asUser('alice').placeOrder();
    await waitUntil(() => calls().length > 0);
    const began = performance.now();
    await running.pop()?.close();
    expect(performance.now() - began).toBeLessThan(4_000);

    next.billing.failure = undefined;
    await settledInTime(await aReplica());
    expect(next.billing.invoices.size).toBe(1);
  });

  describe('and it is void when the order is cancelled', () => {
    const stateOf = (id: string) => next.billing.invoices.get(id)?.['state'];
    const paths = () => calls().map(({ path }) => path);

    it('once billing knows of it', async () => {
      const orders = await aReplica();
      const { id } = await orders.asUser('alice').placeOrder();
      await settled(orders);
      await orders.asUser('alice').cancelOrder(id).expect(200);
      await settled(orders);

      expect(stateOf(id)).toBe('void');
      expect(paths()).toEqual(['/invoices', '/invoices', `/invoices/inv_${id}/void`]);
      expect(next.tokens.received).toHaveLength(1);
    });

    it('also where billing hears of the order and of its end at once, and of the end twice', async () => {
      await next.billing.stop();
      const [one, other] = [await aReplica(), await aReplica()];
      const ids = await Promise.all(
        Array.from({ length: 12 }, async (_, n) => {
          const caller = (n % 2 ? one : other).asUser('bob');
          const { id } = await caller.placeOrder();
          if (n % 3 > 0) await caller.cancelOrder(id).expect(200);
          return id;
        }),
      );
      await triedTwice(one);
      await next.billing.start();
      await settledInTime(one);
      // As after a crash between the answer of billing and the note of it.
      await one.app.get(UnitOfWork).execute(
        `INSERT INTO cancellation_delivery (order_id, customer, amount_minor, currency, attempts, next_attempt_at)
         SELECT id, owner, total_minor, currency, 0, 0 FROM customer_order WHERE state = 'cancelled'`,
      );
      await settledInTime(other);

      expect(next.billing.invoices.size).toBe(12);
      expect(ids.map(stateOf)).toEqual(ids.map((_, n) => (n % 3 > 0 ? 'void' : 'open')));
    });

    it('unless it was paid: then it stays, and staff are told', async () => {
      const orders = await aReplica();
      const { id } = await orders.asUser('alice').placeOrder();
      await settled(orders);
      Object.assign(next.billing.invoices.get(id) ?? {}, { state: 'paid' });
      await orders.asUser('alice').cancelOrder(id).expect(200);
      await settled(orders);

      expect(stateOf(id)).toBe('paid');
      expect(orders.log.join('')).toContain(
        `${id} is cancelled, and inv_${id} was paid: staff may refund it`,
      );
    });

    it.each([
      ['it is just being paid', 'paying'],
      ['billing is of the version before', 'unheard of'],
    ])('later, where %s', async (_name, state) => {
      const orders = await aReplica();
      const { id } = await orders.asUser('alice').placeOrder();
      await settled(orders);
      const invoice = next.billing.invoices.get(id) ?? {};
      invoice['state'] = state;
      await orders.asUser('alice').cancelOrder(id).expect(200);
      await triedTwice(orders);
      invoice['state'] = 'open';
      await settledInTime(orders);

      expect(stateOf(id)).toBe('void');
    });

    it('together with its order or not at all', async () => {
      const orders = await aReplica();
      const work = orders.app.get(UnitOfWork);
      const alice = orders.asUser('alice');
      const { id } = await alice.placeOrder();
      await settled(orders);
      await work.execute('ALTER TABLE cancellation_delivery RENAME TO elsewhere');
      const failed = await alice.cancelOrder(id);
      await work.execute('ALTER TABLE elsewhere RENAME TO cancellation_delivery');

      expect(failed.status).toBe(500);
      expect((await alice.get(`/orders/${id}`)).body.state).toBe('placed');
    });
  });

  it('and no secret or token is in the log of any of this', async () => {
    const orders = await aReplica({ LOG_LEVEL: 'trace' });
    next.billing.failure = { status: 500 };
    await orders.asUser('alice').placeOrder();
    await waitUntil(() => calls().length > 0);
    next.billing.failure = undefined;
    await settledInTime(orders);

    const secrets = [next.settings()['CLIENT_SECRET'] ?? '', next.billing.tokens[0] ?? ''];
    for (const secret of secrets) expect(orders.log.join('')).not.toContain(secret);
  });
});

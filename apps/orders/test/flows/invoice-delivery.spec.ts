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

eachDatabase('delivery of invoices to billing', (fresh) => {
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
  const pendingMessages = (orders: RunningOrders) =>
    orders.rows<{ id: string; attempts: number; refusal: string | null }>(
      `SELECT order_id AS id, attempts, refusal FROM invoice_delivery
       UNION ALL SELECT order_id, attempts, refusal FROM cancellation_delivery ORDER BY 1`,
    );
  const untilDelivered = (orders: RunningOrders) =>
    waitUntil(async () => (await pendingMessages(orders)).length === 0);
  /** Waits for the delivery of all messages, and skips the pauses between attempts. */
  const untilDeliveredWithoutPauses = (orders: RunningOrders) =>
    waitUntil(async () => {
      clock.advance({ seconds: 60 });
      return (await pendingMessages(orders)).length === 0;
    });
  const untilRetried = (orders: RunningOrders) =>
    waitUntil(async () => {
      clock.advance({ seconds: 60 });
      return ((await pendingMessages(orders))[0]?.attempts ?? 0) > 1;
    });
  const calls = () => next.billing.received.filter(({ method }) => method === 'POST');
  const bodies = () => calls().map(({ text }) => JSON.parse(text));

  it('sends price and customer, with a token of the service for that scope only', async () => {
    const orders = await aReplica();
    const { id } = await orders.asUser('alice').placeOrder();
    await untilDelivered(orders);

    expect(bodies()).toEqual([
      { orderId: id, customer: 'alice', amountMinor: 2500, currency: 'EUR' },
    ]);
    expect(decodeClaims(next.billing.tokens[0])).toMatchObject({
      sub: 'orders-service',
      aud: BILLING,
      scope: 'billing:invoices:create',
    });
  });

  it('uses one token for many invoices', async () => {
    const orders = await aReplica();
    await Promise.all(Array.from({ length: 30 }, () => orders.asUser('alice').placeOrder()));
    await untilDelivered(orders);

    expect(next.billing.invoices.size).toBe(30);
    expect(next.tokens.received).toHaveLength(1);
  });

  it('delivers each order once with two replicas', async () => {
    const [one, other] = [await aReplica(), await aReplica()];
    const placed = Array.from({ length: 30 }, (_, n) =>
      (n % 2 ? one : other).asUser('bob').placeOrder(),
    );
    await Promise.all(placed);
    await untilDelivered(one);

    expect(calls()).toHaveLength(30);
    expect(next.billing.invoices.size).toBe(30);
  });

  it.each<[name: string, stop: () => Promise<unknown>, restart: () => Promise<unknown>]>([
    ['billing is down', () => next.billing.stop(), () => next.billing.start()],
    [
      'billing fails',
      async () => (next.billing.failure = { status: 500 }),
      async () => (next.billing.failure = undefined),
    ],
    [
      'billing rejects the token with 403',
      async () => (next.billing.failure = { status: 403 }),
      async () => (next.billing.failure = undefined),
    ],
    ['the authorization server is down', () => next.tokens.stop(), () => next.tokens.start()],
  ])('accepts the order when %s, and delivers later', async (_name, stop, restart) => {
    await stop();
    const orders = await aReplica();
    await orders.asUser('alice').placeOrder();
    await untilRetried(orders);
    await restart();
    await untilDeliveredWithoutPauses(orders);

    expect(next.billing.invoices.size).toBe(1);
    const lines = orders.log.filter((line) => /InvoiceRelay/.test(line));
    expect(lines.map((line): unknown => JSON.parse(line).level)).toEqual(['warn', 'info']);
  });

  it('requests a new token when billing rejects the cached one', async () => {
    const orders = await aReplica();
    next.billing.failure = { status: 401 };
    await orders.asUser('alice').placeOrder();
    await untilRetried(orders);
    next.billing.failure = undefined;
    await untilDeliveredWithoutPauses(orders);

    expect(new Set(next.billing.tokens).size).toBe(next.billing.tokens.length);
  });

  it('keeps a message that billing rejects, with the response, and delivers the next one', async () => {
    const orders = await aReplica();
    next.billing.failure = { status: 409, json: { detail: 'says otherwise' } };
    const { id } = await orders.asUser('alice').placeOrder();
    await waitUntil(async () => (await pendingMessages(orders))[0]?.refusal !== null);
    next.billing.failure = undefined;
    const { id: other } = await orders.asUser('alice').placeOrder();
    await waitUntil(async () => (await pendingMessages(orders)).length === 1);

    expect(next.billing.invoices.has(other)).toBe(true);
    expect(await pendingMessages(orders)).toEqual([
      { id, attempts: 1, refusal: expect.stringContaining('409') },
    ]);
    expect(orders.log.join('')).toContain(`${id} gets no invoice until an operator corrects it`);
  });

  it('delivers from another process when the first one has died', async () => {
    const orders = await aReplica({ CLIENT_SECRET: '' });
    const { id } = await orders.asUser('alice').placeOrder();
    // The state after a process was killed during its call of billing.
    await orders.app
      .get(UnitOfWork)
      .execute('UPDATE invoice_delivery SET attempts = 1, next_attempt_at = $1', [
        clock.now() + 10_000,
      ]);
    const successor = await aReplica();
    await successor.asUser('bob').placeOrder();
    await waitUntil(async () => (await pendingMessages(successor)).length === 1);
    expect(next.billing.invoices.has(id)).toBe(false);

    clock.advance({ seconds: 10 });
    await untilDeliveredWithoutPauses(successor);
    expect(next.billing.invoices.has(id)).toBe(true);
  });

  it('accepts orders without a client secret, and delivers once it has one', async () => {
    const without = await aReplica({ CLIENT_SECRET: '' });
    await without.asUser('alice').placeOrder();
    expect(without.log.join('')).toContain('CLIENT_SECRET is not set');
    expect(await pendingMessages(without)).toHaveLength(1);

    const orders = await aReplica();
    await untilDelivered(orders);
    expect(next.billing.invoices.size).toBe(1);
  });

  it('delivers after a restart when the process was stopped during its call', async () => {
    next.billing.failure = 'never';
    const orders = await aReplica();
    await orders.asUser('alice').placeOrder();
    await waitUntil(() => calls().length > 0);
    const began = performance.now();
    await running.pop()?.close();
    expect(performance.now() - began).toBeLessThan(4_000);

    next.billing.failure = undefined;
    await untilDeliveredWithoutPauses(await aReplica());
    expect(next.billing.invoices.size).toBe(1);
  });

  describe('voiding of invoices of cancelled orders', () => {
    const stateOf = (id: string) => next.billing.invoices.get(id)?.['state'];
    const paths = () => calls().map(({ path }) => path);

    it('voids the invoice of a cancelled order', async () => {
      const orders = await aReplica();
      const { id } = await orders.asUser('alice').placeOrder();
      await untilDelivered(orders);
      await orders.asUser('alice').cancelOrder(id).expect(200);
      await untilDelivered(orders);

      expect(stateOf(id)).toBe('void');
      expect(paths()).toEqual(['/invoices', '/invoices', `/invoices/inv_${id}/void`]);
      expect(next.tokens.received).toHaveLength(1);
    });

    it('voids the invoice when both messages arrive at once, and when the second one is repeated', async () => {
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
      await untilRetried(one);
      await next.billing.start();
      await untilDeliveredWithoutPauses(one);
      // The state after a crash between the answer of billing and the deletion of the message.
      await one.app.get(UnitOfWork).execute(
        `INSERT INTO cancellation_delivery (order_id, customer, amount_minor, currency, attempts, next_attempt_at)
         SELECT id, owner, total_minor, currency, 0, 0 FROM customer_order WHERE state = 'cancelled'`,
      );
      await untilDeliveredWithoutPauses(other);

      expect(next.billing.invoices.size).toBe(12);
      expect(ids.map(stateOf)).toEqual(ids.map((_, n) => (n % 3 > 0 ? 'void' : 'open')));
    });

    it('leaves a paid invoice paid, and logs a warning for staff', async () => {
      const orders = await aReplica();
      const { id } = await orders.asUser('alice').placeOrder();
      await untilDelivered(orders);
      Object.assign(next.billing.invoices.get(id) ?? {}, { state: 'paid' });
      await orders.asUser('alice').cancelOrder(id).expect(200);
      await untilDelivered(orders);

      expect(stateOf(id)).toBe('paid');
      expect(orders.log.join('')).toContain(
        `${id} is cancelled, and inv_${id} was paid: staff may refund it`,
      );
    });

    it.each([
      ['a payment is in progress', 'paying'],
      ['billing has the previous version', 'unheard of'],
    ])('voids the invoice later when %s', async (_name, state) => {
      const orders = await aReplica();
      const { id } = await orders.asUser('alice').placeOrder();
      await untilDelivered(orders);
      const invoice = next.billing.invoices.get(id) ?? {};
      invoice['state'] = state;
      await orders.asUser('alice').cancelOrder(id).expect(200);
      await untilRetried(orders);
      invoice['state'] = 'open';
      await untilDeliveredWithoutPauses(orders);

      expect(stateOf(id)).toBe('void');
    });

    it('stores the cancellation and its message together or not at all', async () => {
      const orders = await aReplica();
      const work = orders.app.get(UnitOfWork);
      const alice = orders.asUser('alice');
      const { id } = await alice.placeOrder();
      await untilDelivered(orders);
      await work.execute('ALTER TABLE cancellation_delivery RENAME TO elsewhere');
      const failed = await alice.cancelOrder(id);
      await work.execute('ALTER TABLE elsewhere RENAME TO cancellation_delivery');

      expect(failed.status).toBe(500);
      expect((await alice.get(`/orders/${id}`)).body.state).toBe('placed');
    });
  });

  it('logs no client secret and no token', async () => {
    const orders = await aReplica({ LOG_LEVEL: 'trace' });
    next.billing.failure = { status: 500 };
    await orders.asUser('alice').placeOrder();
    await waitUntil(() => calls().length > 0);
    next.billing.failure = undefined;
    await untilDeliveredWithoutPauses(orders);

    const secrets = [next.settings()['CLIENT_SECRET'] ?? '', next.billing.tokens[0] ?? ''];
    for (const secret of secrets) expect(orders.log.join('')).not.toContain(secret);
  });
});

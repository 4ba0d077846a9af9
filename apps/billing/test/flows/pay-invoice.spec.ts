import { TestClock, waitUntil } from '@gatehouse/service-kit/testing';
import { TestIssuer } from '@gatehouse/guards/testing';
import { eachDatabase, type TestDatabase } from '@gatehouse/persistence/testing';
import { AUDIENCE, RunningBilling } from '../support/running-billing.js';
import {
  decline,
  deferVerdict,
  failWith503,
  ScriptedPaymentProvider,
} from '../support/scripted-payment-provider.js';

eachDatabase('POST /invoices/:id/pay', (fresh) => {
  const clock = TestClock.running();
  let issuer: TestIssuer;
  let database: TestDatabase;
  let provider: ScriptedPaymentProvider;
  let billing: RunningBilling;
  let running: RunningBilling[];

  beforeAll(async () => {
    issuer = await TestIssuer.start({ audience: AUDIENCE });
    database = await fresh();
  });
  afterAll(() => issuer.close());
  beforeEach(async () => {
    [provider, running] = [new ScriptedPaymentProvider(), []];
    billing = await aProcess();
  });
  afterEach(async () => {
    for (const each of running) await each.close();
  });

  /** Starts another process with the same database and the same provider. */
  async function aProcess(): Promise<RunningBilling> {
    const process = await RunningBilling.start(database, { issuer, clock, payments: provider });
    running.push(process);
    return process;
  }
  const alice = () => billing.asUser('alice');
  const stateOf = async (id: string) => (await alice().get(`/invoices/${id}`)).body.state;
  /** Waits for a state, and skips the pauses between attempts. */
  const waitForState = (id: string, state: string) =>
    waitUntil(async () => {
      clock.advance({ seconds: 300 });
      return (await stateOf(id)) === state;
    });

  it('charges the amount of an open invoice once', async () => {
    const issued = await billing.asService().issueInvoice();
    const answer = await alice().payInvoice(issued.id, 'card-of-alice');

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ...issued, state: 'paid', paidAt: expect.any(String) });
    expect((await alice().get(`/invoices/${issued.id}`)).body).toEqual(answer.body);
    expect([...provider.moved.values()]).toEqual([
      {
        reference: expect.stringMatching(/^pay_[\w-]{22}$/),
        movement: 'charge',
        method: 'card-of-alice',
        amountMinor: 2500,
        currency: 'EUR',
      },
    ]);
  });

  it('answers a repeated payment like the first one, also with another method, and moves no money', async () => {
    const { id } = await billing.asService().issueInvoice();
    const first = await alice().payInvoice(id);
    const again = await alice().payInvoice(id, 'another');

    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect(provider.requested).toHaveLength(1);
  });

  it('charges once for fifty simultaneous requests to two processes', async () => {
    const { id } = await billing.asService().issueInvoice();
    const callers = [alice(), (await aProcess()).asUser('alice')];
    const payments = callers.flatMap((caller) =>
      Array.from({ length: 25 }, () => caller.payInvoice(id)),
    );
    const statuses = (await Promise.all(payments)).map(({ status }) => status);

    expect(new Set([...statuses, 200, 202])).toEqual(new Set([200, 202]));
    expect(statuses).toContain(200);
    expect(provider.requested).toHaveLength(1);
    expect(await stateOf(id)).toBe('paid');
  });

  it('answers a declined payment with 402, and accepts another method', async () => {
    const { id } = await billing.asService().issueInvoice();
    provider.script.push(decline);
    const answer = await alice().payInvoice(id, 'empty-card');
    expect(answer.status).toBe(402);
    expect(answer.body).toMatchObject({ status: 402, state: 'open' });

    expect((await alice().payInvoice(id, 'other-card')).status).toBe(200);
    expect(new Set(provider.requested.map(({ reference }) => reference)).size).toBe(2);
    expect(provider.moved.size).toBe(1);
  });

  it('rejects further payments with 409 after twenty declined ones', async () => {
    const { id } = await billing.asService().issueInvoice();
    provider.script.push(...Array.from({ length: 21 }, () => decline));
    for (let n = 0; n < 20; n += 1) expect((await alice().payInvoice(id)).status).toBe(402);

    expect((await alice().payInvoice(id)).status).toBe(409);
    expect(provider.requested).toHaveLength(20);
  });

  it.each<[name: string, script: () => ScriptedPaymentProvider['script'][number], moved: number]>([
    ['the provider is down', () => failWith503, 0],
    ['its answer is lost', () => provider.loseAnswer, 1],
  ])(
    'answers 202 when %s, and completes the payment later with the same reference',
    async (_n, script, moved) => {
      const { id } = await billing.asService().issueInvoice();
      provider.script.push(script());
      const answer = await alice().payInvoice(id);

      expect(answer.status).toBe(202);
      expect(answer.body.state).toBe('paying');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(provider.moved.size).toBe(moved);
      await waitForState(id, 'paid');
      expect(new Set(provider.requested.map(({ reference }) => reference)).size).toBe(1);
      expect(provider.moved.size).toBe(1);
    },
  );

  it('starts no second payment while one is pending', async () => {
    const { id } = await billing.asService().issueInvoice();
    const slow = deferVerdict();
    provider.script.push(slow.script);
    const first = alice()
      .payInvoice(id)
      .then((answer) => answer);
    await waitUntil(() => provider.requested.length === 1);
    const meanwhile = await alice().payInvoice(id);
    slow.go('succeeded');

    expect(meanwhile.status).toBe(202);
    expect((await first).status).toBe(200);
    expect(provider.requested).toHaveLength(1);
  });

  it('opens the invoice again when a pending payment is declined', async () => {
    const { id } = await billing.asService().issueInvoice();
    provider.script.push(failWith503, decline);
    expect((await alice().payInvoice(id)).status).toBe(202);
    await waitForState(id, 'open');

    expect(provider.moved.size).toBe(0);
    expect((await alice().payInvoice(id)).status).toBe(200);
  });

  it('completes a pending payment in another process when the first one has died', async () => {
    const { id } = await billing.asService().issueInvoice();
    // The first process behaves as if it were killed during the call: it never records the verdict.
    const dead = deferVerdict();
    provider.script.push(dead.script);
    void alice()
      .payInvoice(id)
      .then(
        () => undefined,
        () => undefined,
      );
    await waitUntil(() => provider.requested.length === 1);
    await aProcess();
    clock.advance({ seconds: 15 });
    await waitUntil(() => provider.requested.length === 2);
    await waitUntil(async () => (await stateOf(id)) === 'paid');

    const [first, second] = provider.requested;
    expect(second).toEqual(first);
    dead.go('succeeded');
  });

  it('records one payment when the provider answers and also sends the verdict twice', async () => {
    const { id } = await billing.asService().issueInvoice();
    provider.script.push(async ({ reference }) => {
      await provider.notify(reference, 'succeeded');
      await provider.notify(reference, 'succeeded');
      return 'succeeded' as const;
    });
    const answer = await alice().payInvoice(id);
    const { paidAt } = answer.body;
    clock.advance({ seconds: 60 });
    await provider.notify(provider.requested[0]?.reference ?? '', 'succeeded');

    expect(answer.status).toBe(200);
    expect((await alice().get(`/invoices/${id}`)).body).toMatchObject({ state: 'paid', paidAt });
  });

  it('keeps the invoice paid and logs an error when the provider contradicts its verdict', async () => {
    const { id } = await billing.asService().issueInvoice();
    await alice().payInvoice(id);
    await provider.notify(provider.requested[0]?.reference ?? '', 'declined');

    expect(await stateOf(id)).toBe('paid');
    expect(billing.log.join('')).toMatch(
      /"level":"error".*reports declined for pay_.*, which is succeeded here/,
    );
  });

  it('ignores a verdict for an unknown reference', async () => {
    const { id } = await billing.asService().issueInvoice();
    await provider.notify('pay_unknown', 'succeeded');

    expect(await stateOf(id)).toBe('open');
    expect(billing.log.join('')).toContain('which is unknown here');
  });

  it('answers 404 to another customer and to the service that issued the invoice', async () => {
    const { id } = await billing.asService().issueInvoice();
    const service = { client_id: 'orders-service', scope: 'billing:pay' };

    expect((await billing.asUser('mallory').payInvoice(id)).status).toBe(404);
    expect((await billing.asUser('orders-service', service).payInvoice(id)).status).toBe(404);
    expect(await stateOf(id)).toBe('open');
    expect(provider.requested).toEqual([]);
  });
});

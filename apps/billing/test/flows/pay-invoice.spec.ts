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

  /** On the same database, and with the same provider. */
  async function aProcess(): Promise<RunningBilling> {
    const process = await RunningBilling.start(database, { issuer, clock, payments: provider });
    running.push(process);
    return process;
  }
  const alice = () => billing.asUser('alice');
  const stateOf = async (id: string) => (await alice().get(`/invoices/${id}`)).body.state;
  /** The pauses between attempts are over at once. */
  const comesToBe = (id: string, state: string) =>
    waitUntil(async () => {
      clock.advance({ seconds: 300 });
      return (await stateOf(id)) === state;
    });

  it('pays an open invoice: what it says, once', async () => {
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

  it('gives the same answer when it is sent again, by whatever method, and moves nothing', async () => {
    const { id } = await billing.asService().issueInvoice();
    const first = await alice().payInvoice(id);
    const again = await alice().payInvoice(id, 'another');

    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect(provider.requested).toHaveLength(1);
  });

  it('charges once for fifty at once, on two processes', async () => {
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

  it('is a 402 when it is declined, and another method may be tried', async () => {
    const { id } = await billing.asService().issueInvoice();
    provider.script.push(decline);
    const answer = await alice().payInvoice(id, 'empty-card');
    expect(answer.status).toBe(402);
    expect(answer.body).toMatchObject({ status: 402, state: 'open' });

    expect((await alice().payInvoice(id, 'other-card')).status).toBe(200);
    expect(new Set(provider.requested.map(({ reference }) => reference)).size).toBe(2);
    expect(provider.moved.size).toBe(1);
  });

  it('is declined twenty times, and then no more', async () => {
    const { id } = await billing.asService().issueInvoice();
    provider.script.push(...Array.from({ length: 21 }, () => decline));
    for (let n = 0; n < 20; n += 1) expect((await alice().payInvoice(id)).status).toBe(402);

    expect((await alice().payInvoice(id)).status).toBe(409);
    expect(provider.requested).toHaveLength(20);
  });

  it.each<[name: string, script: () => ScriptedPaymentProvider['script'][number], moved: number]>([
    ['the provider is down', () => failWith503, 0],
    ['its answer gets lost', () => provider.loseAnswer, 1],
  ])(
    'is a 202 when %s, and is decided later, under the same reference',
    async (_n, script, moved) => {
      const { id } = await billing.asService().issueInvoice();
      provider.script.push(script());
      const answer = await alice().payInvoice(id);

      expect(answer.status).toBe(202);
      expect(answer.body.state).toBe('paying');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(provider.moved.size).toBe(moved);
      await comesToBe(id, 'paid');
      expect(new Set(provider.requested.map(({ reference }) => reference)).size).toBe(1);
      expect(provider.moved.size).toBe(1);
    },
  );

  it('that is not decided is not begun a second time, however often it is sent', async () => {
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

  it('that was declined while nobody knew of it is open again', async () => {
    const { id } = await billing.asService().issueInvoice();
    provider.script.push(failWith503, decline);
    expect((await alice().payInvoice(id)).status).toBe(202);
    await comesToBe(id, 'open');

    expect(provider.moved.size).toBe(0);
    expect((await alice().payInvoice(id)).status).toBe(200);
  });

  it('is decided by the next process, where the one that had asked has died', async () => {
    const { id } = await billing.asService().issueInvoice();
    // As a process does that is killed while it waits: it never writes what it hears.
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

  it('is paid once when the provider answers, and tells the same twice', async () => {
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

  it('stays paid when the provider takes back what it has said, which is an alarm', async () => {
    const { id } = await billing.asService().issueInvoice();
    await alice().payInvoice(id);
    await provider.notify(provider.requested[0]?.reference ?? '', 'declined');

    expect(await stateOf(id)).toBe('paid');
    expect(billing.log.join('')).toMatch(/"level":"error".*has declined: here it is succeeded/);
  });

  it('is not moved by a reference of nobody', async () => {
    const { id } = await billing.asService().issueInvoice();
    await provider.notify('pay_of-somebody-else', 'succeeded');

    expect(await stateOf(id)).toBe('open');
    expect(billing.log.join('')).toContain('here it is unknown');
  });

  it('leaves the invoice of somebody else alone, also for the service that issued it', async () => {
    const { id } = await billing.asService().issueInvoice();
    const service = { client_id: 'orders-service', scope: 'billing:pay' };

    expect((await billing.asUser('mallory').payInvoice(id)).status).toBe(404);
    expect((await billing.asUser('orders-service', service).payInvoice(id)).status).toBe(404);
    expect(await stateOf(id)).toBe('open');
    expect(provider.requested).toEqual([]);
  });
});

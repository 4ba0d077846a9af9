import { TestClock, waitUntil } from '@gatehouse/service-kit/testing';
import { TestIssuer } from '@gatehouse/guards/testing';
import { eachDatabase } from '@gatehouse/persistence/testing';
import type { InvoiceState } from '../../src/invoices/invoice-state.js';
import { anInvoice } from '../support/factories.js';
import { AUDIENCE, type Caller, RunningBilling } from '../support/running-billing.js';
import {
  decline,
  deferVerdict,
  ScriptedPaymentProvider,
} from '../support/scripted-payment-provider.js';

eachDatabase('POST /invoices/:id/void', (fresh) => {
  const clock = TestClock.running();
  let issuer: TestIssuer;
  let provider: ScriptedPaymentProvider;
  let billing: RunningBilling;

  beforeAll(async () => {
    issuer = await TestIssuer.start({ audience: AUDIENCE });
    provider = new ScriptedPaymentProvider();
    billing = await RunningBilling.start(await fresh(), { issuer, clock, payments: provider });
  });
  afterAll(async () => {
    await billing.close();
    await issuer.close();
  });
  afterEach(() => provider.script.splice(0));

  const voidInvoice = (id: string, caller: Caller = billing.asService()) =>
    caller.post(`/invoices/${id}/void`);
  const invoiceOf = async (id: string) =>
    (await billing.asUser('alice').get(`/invoices/${id}`)).body;
  const actions = {
    pay: (id: string) => billing.asUser('alice').payInvoice(id),
    refund: (id: string) => billing.asStaff().post(`/invoices/${id}/refund`),
    void: (id: string) => voidInvoice(id),
  };

  it('voids an open invoice, with the time', async () => {
    const issued = await billing.asService().issueInvoice();
    const answer = await voidInvoice(issued.id);

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ...issued, state: 'void', voidedAt: expect.any(String) });
    expect(await invoiceOf(issued.id)).toEqual(answer.body);
  });

  it('answers a repeated request like the first one', async () => {
    const { id } = await billing.asService().issueInvoice();
    const first = await voidInvoice(id);
    clock.advance({ seconds: 1 });

    expect((await voidInvoice(id)).body).toEqual(first.body);
  });

  it('stays void when the service issues the invoice of the order again', async () => {
    const content = anInvoice();
    const { id } = await billing.asService().issueInvoice(content);
    const { body } = await voidInvoice(id);
    const again = await billing.asService().post('/invoices', content);

    expect(again.status).toBe(200);
    expect(again.body).toEqual(body);
  });

  /** The actions that bring an open invoice into a state, and whether each one stays pending. */
  const PATHS: Record<InvoiceState, [action: 'pay' | 'refund' | 'void', isPending: boolean][]> = {
    open: [],
    paying: [['pay', true]],
    paid: [['pay', false]],
    refunding: [
      ['pay', false],
      ['refund', true],
    ],
    refunded: [
      ['pay', false],
      ['refund', false],
    ],
    void: [['void', false]],
  };

  async function anInvoiceInState(state: InvoiceState): Promise<string> {
    const { id } = await billing.asService().issueInvoice();
    for (const [action, isPending] of PATHS[state]) {
      if (isPending) provider.script.push(provider.keepPending);
      await actions[action](id);
    }
    return id;
  }

  it.each<
    [before: InvoiceState, action: keyof typeof actions, status: number, after: InvoiceState]
  >([
    ['open', 'pay', 200, 'paid'],
    ['open', 'refund', 409, 'open'],
    ['open', 'void', 200, 'void'],
    ['paying', 'pay', 202, 'paying'],
    ['paying', 'refund', 409, 'paying'],
    ['paying', 'void', 202, 'paying'],
    ['paid', 'pay', 200, 'paid'],
    ['paid', 'refund', 200, 'refunded'],
    ['paid', 'void', 409, 'paid'],
    ['refunding', 'pay', 409, 'refunding'],
    ['refunding', 'refund', 202, 'refunding'],
    ['refunding', 'void', 409, 'refunding'],
    ['refunded', 'pay', 409, 'refunded'],
    ['refunded', 'refund', 200, 'refunded'],
    ['refunded', 'void', 409, 'refunded'],
    ['void', 'pay', 409, 'void'],
    ['void', 'refund', 409, 'void'],
    ['void', 'void', 200, 'void'],
  ])('of an invoice that is %s: %s is a %i, and it is %s then', async (...row) => {
    const [before, action, status, after] = row;
    const id = await anInvoiceInState(before);
    expect((await invoiceOf(id)).state).toBe(before);
    const answer = await actions[action](id);

    expect(answer.status).toBe(status);
    expect(answer.body.state).toBe(after);
    expect((await invoiceOf(id)).state).toBe(after);
  });

  it('lets one of a simultaneous payment and a void succeed', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await billing.asService().issueInvoice()).id),
    );
    const races = ids.map((id, n) => {
      const both = n % 2 ? [voidInvoice(id), actions.pay(id)] : [actions.pay(id), voidInvoice(id)];
      return Promise.all(both);
    });
    await Promise.all(races);
    for (const id of ids) {
      const payments = await billing.rows('SELECT state FROM payment WHERE invoice_id = $1', [id]);
      expect([(await invoiceOf(id)).state, payments]).toEqual(
        payments.length > 0 ? ['paid', [{ state: 'succeeded' }]] : ['void', []],
      );
    }
  });

  it('answers 202 during a payment, and voids the invoice after the payment is declined', async () => {
    const { id } = await billing.asService().issueInvoice();
    const slow = deferVerdict();
    provider.script.push(slow.script);
    const requestsBefore = provider.requested.length;
    const payment = actions.pay(id).then(({ status }) => status);
    await waitUntil(() => provider.requested.length > requestsBefore);
    const meanwhile = await voidInvoice(id);
    slow.go('declined');
    expect(await payment).toBe(402);

    expect(meanwhile.status).toBe(202);
    expect(Number(meanwhile.headers['retry-after'])).toBeGreaterThan(0);
    expect((await voidInvoice(id)).body.state).toBe('void');
  });

  it('voids an invoice after declined payments', async () => {
    const { id } = await billing.asService().issueInvoice();
    provider.script.push(decline);
    await billing.asUser('alice').payInvoice(id).expect(402);

    expect((await voidInvoice(id)).status).toBe(200);
    expect((await actions.pay(id)).body.detail).toBe('The invoice is void: nothing is to be paid.');
  });

  it('rejects users, the customer included', async () => {
    const { id } = await billing.asService().issueInvoice();
    const alice = billing.asUser('alice', { scope: 'billing:invoices:create billing:read' });

    expect((await voidInvoice(id, alice)).status).toBe(403);
    expect((await invoiceOf(id)).state).toBe('open');
  });

  it.each(['inv_AAAAAAAAAAAAAAAAAAAAAA', 'inv_1'])('answers 404 for %s', async (id) => {
    expect((await voidInvoice(id)).status).toBe(404);
  });
});

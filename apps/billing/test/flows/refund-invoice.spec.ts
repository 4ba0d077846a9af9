import { TestClock, waitUntil } from '@gatehouse/service-kit/testing';
import { TestIssuer } from '@gatehouse/guards/testing';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { AUDIENCE, RunningBilling } from '../support/running-billing.js';
import {
  decline,
  failWith503,
  ScriptedPaymentProvider,
} from '../support/scripted-payment-provider.js';

eachDatabase('POST /invoices/:id/refund', (fresh) => {
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
  beforeEach(() => {
    provider.requested.splice(0);
    provider.moved.clear();
  });

  async function aPaidInvoice(): Promise<string> {
    const { id } = await billing.asService().issueInvoice();
    await billing.asUser('alice').payInvoice(id).expect(200);
    return id;
  }
  const stateOf = async (id: string) =>
    (await billing.asUser('alice').get(`/invoices/${id}`)).body.state;
  const refund = (id: string, loginAge = 0) =>
    billing.asStaff(loginAge).post(`/invoices/${id}/refund`);

  it('refunds the charge to its means of payment, and records the member of staff', async () => {
    const id = await aPaidInvoice();
    const answer = await refund(id);

    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id, state: 'refunded', refundedAt: expect.any(String) });
    const [charge, back] = [...provider.moved.values()];
    expect(back).toMatchObject({
      movement: 'refund',
      method: charge?.reference,
      amountMinor: 2500,
      currency: 'EUR',
    });
    const payments = await billing.rows(
      'SELECT movement, asked_by AS who FROM payment WHERE invoice_id = $1 ORDER BY movement',
      [id],
    );
    expect(payments).toEqual([
      { movement: 'charge', who: 'alice' },
      { movement: 'refund', who: 'staff' },
    ]);
  });

  it('refunds once for fifty simultaneous requests and for repeated ones', async () => {
    const id = await aPaidInvoice();
    const answers = await Promise.all(Array.from({ length: 50 }, () => refund(id)));
    const again = await refund(id);

    for (const { status } of answers) expect([200, 202]).toContain(status);
    expect(again.status).toBe(200);
    expect(provider.requested.filter(({ movement }) => movement === 'refund')).toHaveLength(1);
  });

  it.each([
    ['ten minutes ago', 600],
    ['at an unknown time', undefined],
  ])(
    'rejects a login %s, and asks for one of the last five minutes (RFC 9470 §3)',
    async (_name, age) => {
      const id = await aPaidInvoice();
      const claims = { scope: 'billing:refund', auth_time: age && Date.now() / 1000 - age };
      const answer = await billing.asUser('staff', claims).post(`/invoices/${id}/refund`);

      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain(
        'error="insufficient_user_authentication"',
      );
      expect(answer.headers['www-authenticate']).toContain('max_age="300"');
      expect(await stateOf(id)).toBe('paid');
      expect((await refund(id, 200)).status).toBe(200);
    },
  );

  it('rejects the customer', async () => {
    const id = await aPaidInvoice();
    const auth_time = Math.floor(Date.now() / 1000);
    const claims = { scope: 'billing:read billing:pay', auth_time };

    expect((await billing.asUser('alice', claims).post(`/invoices/${id}/refund`)).status).toBe(403);
  });

  it('answers 409 when nothing was paid, and 404 for an unknown invoice', async () => {
    const { id } = await billing.asService().issueInvoice();
    const answer = await refund(id);

    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ state: 'open' });
    expect((await refund('inv_AAAAAAAAAAAAAAAAAAAAAA')).status).toBe(404);
  });

  it('answers 409 when the provider declines, and the invoice stays paid', async () => {
    const id = await aPaidInvoice();
    provider.script.push(decline);

    expect((await refund(id)).status).toBe(409);
    expect(await stateOf(id)).toBe('paid');
  });

  it('answers 202 while the verdict is unknown, and completes the refund later', async () => {
    const id = await aPaidInvoice();
    provider.script.push(failWith503);
    const answer = await refund(id);
    expect(answer.status).toBe(202);
    expect(answer.body.state).toBe('refunding');

    await waitUntil(async () => {
      clock.advance({ seconds: 300 });
      return (await stateOf(id)) === 'refunded';
    });
    const refunds = provider.requested.filter(({ movement }) => movement === 'refund');
    expect(new Set(refunds.map(({ reference }) => reference)).size).toBe(1);
  });

  it('does not let a refunded invoice be paid again', async () => {
    const id = await aPaidInvoice();
    await refund(id).expect(200);
    const answer = await billing.asUser('alice').payInvoice(id);

    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ state: 'refunded' });
  });
});

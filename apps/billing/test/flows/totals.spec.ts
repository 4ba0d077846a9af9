import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { anInvoice } from '../support/factories.js';
import { RunningBilling } from '../support/running-billing.js';

eachDatabase('GET /totals', (fresh) => {
  let billing: RunningBilling;
  beforeAll(async () => {
    billing = await RunningBilling.start(await fresh());
  });
  afterAll(() => billing.close());

  const totals = async (month: string) =>
    (await billing.asStaff().get('/totals').query({ month }).expect(200)).body;

  /** Stores an invoice with a given time of issue. */
  async function issued(at: string, changes: object = {}): Promise<string> {
    const { id } = await billing.asService().issueInvoice(anInvoice(changes));
    const values = [id, Date.parse(at)];
    await billing.app
      .get(UnitOfWork)
      .execute('UPDATE invoice SET issued_at = $2 WHERE id = $1', values);
    return id;
  }

  it('returns no sums for a month without invoices', async () => {
    expect(await totals('2001-02')).toEqual({ month: '2001-02', totals: [] });
  });

  it('sums issued, paid, refunded and void amounts of exactly one month, by currency', async () => {
    await issued('2025-12-31T23:59:59.999Z');
    await issued('2026-01-01T00:00:00.000Z', { amountMinor: 100 });
    const paid = await issued('2026-01-15T12:00:00Z', { amountMinor: 20 });
    const unwanted = await issued('2026-01-16T12:00:00Z', { amountMinor: 4000 });
    const back = await issued('2026-01-31T23:59:59.999Z', { amountMinor: 3 });
    await issued('2026-01-20T00:00:00Z', { amountMinor: 7, currency: 'CHF' });
    await issued('2026-02-01T00:00:00.000Z');
    for (const id of [paid, back]) await billing.asUser('alice').payInvoice(id).expect(200);
    await billing.asStaff().post(`/invoices/${back}/refund`).expect(200);

    await billing.asService().post(`/invoices/${unwanted}/void`).expect(200);

    expect(await totals('2026-01')).toEqual({
      month: '2026-01',
      totals: [
        {
          currency: 'CHF',
          invoices: 1,
          issuedMinor: '7',
          paidMinor: '0',
          refundedMinor: '0',
          voidMinor: '0',
        },
        {
          currency: 'EUR',
          invoices: 4,
          issuedMinor: '4123',
          paidMinor: '20',
          refundedMinor: '3',
          voidMinor: '4000',
        },
      ],
    });
    expect((await totals('2025-12')).totals).toMatchObject([{ invoices: 1 }]);
  });

  it('computes exact sums above the range of JSON numbers', async () => {
    await billing.app.get(UnitOfWork).execute(
      `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 9010)
       INSERT INTO invoice (id, customer, order_id, amount_minor, currency, issued_at)
       SELECT 'inv_' || n, 'rich', 'rich-' || n, 1000000000001, 'JPY', $1 FROM n`,
      [Date.UTC(2030, 4, 1)],
    );

    expect((await totals('2030-05')).totals).toMatchObject([{ issuedMinor: '9010000000009010' }]);
  });

  it('names no customer', async () => {
    await issued('2027-03-03T00:00:00Z', { customer: 'customer-of-march' });
    const answer = await billing.asStaff().get('/totals?month=2027-03');

    expect(answer.text).not.toContain('customer-of-march');
  });
});

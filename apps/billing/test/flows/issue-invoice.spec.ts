import { eachDatabase } from '@gatehouse/persistence/testing';
import { anInvoice } from '../support/factories.js';
import { RunningBilling } from '../support/running-billing.js';

eachDatabase('POST /invoices', (fresh) => {
  let billing: RunningBilling;
  beforeAll(async () => {
    billing = await RunningBilling.start(await fresh());
  });
  afterAll(() => billing.close());

  it('answers 201 with an open invoice that the customer can read (RFC 9110 §15.3.2)', async () => {
    const content = anInvoice({ customer: 'alice' });
    const answer = await billing.asService().post('/invoices', content);

    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      ...content,
      id: expect.stringMatching(/^inv_[\w-]{22}$/),
      state: 'open',
      issuedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      paidAt: null,
      refundedAt: null,
      voidedAt: null,
    });
    const location = String(answer.headers['location']);
    expect((await billing.asUser('alice').get(location)).body).toEqual(answer.body);
  });

  it('answers a repeated request with 200 and the same invoice', async () => {
    const content = anInvoice();
    const first = await billing.asService().post('/invoices', content);
    const again = await billing.asService().post('/invoices', content);

    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect(again.headers['location']).toBe(first.headers['location']);
  });

  it('leaves a paid invoice paid when the request is repeated', async () => {
    const content = anInvoice({ customer: 'payer' });
    const { id } = await billing.asService().issueInvoice(content);
    const paid = await billing.asUser('payer').payInvoice(id);
    const again = await billing.asService().post('/invoices', content);

    expect(again.status).toBe(200);
    expect(again.body).toEqual(paid.body);
  });

  it('issues one invoice for fifty simultaneous requests', async () => {
    const content = anInvoice({ customer: 'hasty' });
    const requests = Array.from({ length: 50 }, () =>
      billing.asService().post('/invoices', content),
    );
    const answers = await Promise.all(requests);

    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array<number>(49).fill(200),
      201,
    ]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect((await billing.asUser('hasty').get('/invoices')).body.invoices).toHaveLength(1);
  });

  it.each([
    ['customer', { customer: 'mallory' }],
    ['amount', { amountMinor: 1 }],
    ['currency', { currency: 'CHF' }],
  ])('answers 409 when the order has an invoice with another %s', async (_name, changes) => {
    const content = anInvoice({ customer: 'ivan' });
    const { id } = await billing.asService().issueInvoice(content);
    const answer = await billing.asService().post('/invoices', { ...content, ...changes });

    expect(answer.status).toBe(409);
    expect(answer.body).not.toHaveProperty('amountMinor');
    expect((await billing.asUser('ivan').get(`/invoices/${id}`)).body).toMatchObject(content);
  });
});

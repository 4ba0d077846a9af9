import { anInvoice } from '../support/factories.js';
import { useRunningBilling } from '../support/running-billing.js';

const billing = useRunningBilling();

const idsOf = (body: { invoices: { id: string }[] }) => body.invoices.map(({ id }) => id);

async function bill(customer: string, count: number): Promise<string[]> {
  const ids = [];
  const service = billing().asService();
  for (let n = 0; n < count; n += 1)
    ids.push((await service.issueInvoice(anInvoice({ customer }))).id);
  return ids;
}

describe('GET /invoices', () => {
  it('lists the invoices of the caller only', async () => {
    const own = await bill('bob', 1);
    await bill('carol', 1);

    expect(idsOf((await billing().asUser('bob').get('/invoices')).body)).toEqual(own);
  });

  it('returns an empty list to a service, which is never a customer', async () => {
    await bill('bob', 1);
    const answer = await billing().asService().get('/invoices');

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ invoices: [] });
  });

  it('lists twenty invoices per page by default, newest first', async () => {
    const ids = await bill('dora', 21);
    const dora = billing().asUser('dora');
    const first = (await dora.get('/invoices')).body;
    const second = (await dora.get('/invoices').query({ after: first.next })).body;
    const instants = first.invoices.map(({ issuedAt }: { issuedAt: string }) => issuedAt);

    expect(first.invoices).toHaveLength(20);
    expect(second.invoices).toHaveLength(1);
    expect(second).not.toHaveProperty('next');
    expect(idsOf(first).concat(idsOf(second)).sort()).toEqual(ids.sort());
    expect(instants).toEqual([...instants].sort().reverse());
  });

  it('shows no invoices of another customer to a caller with their cursor', async () => {
    await bill('frank', 2);
    const { next } = (await billing().asUser('frank').get('/invoices').query({ limit: 1 })).body;

    const { body } = await billing().asUser('mallory').get('/invoices').query({ after: next });
    expect(body).toEqual({ invoices: [] });
  });

  it('filters by state and by order', async () => {
    const gina = billing().asUser('gina');
    const contents = [anInvoice({ customer: 'gina' }), anInvoice({ customer: 'gina' })];
    const ids = [];
    for (const content of contents)
      ids.push((await billing().asService().issueInvoice(content)).id);
    await gina.payInvoice(ids[0] ?? '').expect(200);

    const list = async (query: object) => idsOf((await gina.get('/invoices').query(query)).body);
    expect(await list({ state: 'paid' })).toEqual([ids[0]]);
    expect(await list({ state: 'open' })).toEqual([ids[1]]);
    expect(await list({ orderId: contents[1]?.orderId })).toEqual([ids[1]]);
    expect(await list({ orderId: contents[1]?.orderId, state: 'paid' })).toEqual([]);
    expect(await list({ orderId: 'unknown-order' })).toEqual([]);
  });

  it('shows the invoice of any order to staff who may refund it, and no list of other customers', async () => {
    const content = anInvoice({ customer: 'ines' });
    const { id } = await billing().asService().issueInvoice(content);
    const staff = billing().asStaff();
    const { orderId } = content;

    expect(idsOf((await staff.get('/invoices').query({ orderId })).body)).toEqual([id]);
    expect((await staff.get(`/invoices/${id}`)).body).toMatchObject({ id, customer: 'ines' });
    expect(idsOf((await staff.get('/invoices')).body)).toEqual([]);
  });

  it('does not show the invoice of another customer’s order', async () => {
    const content = anInvoice({ customer: 'hans' });
    await billing().asService().issueInvoice(content);
    const { body } = await billing()
      .asUser('mallory')
      .get('/invoices')
      .query({ orderId: content.orderId });

    expect(body).toEqual({ invoices: [] });
  });
});

import { eachDatabase } from '@gatehouse/persistence/testing';
import { RunningBilling } from './running-billing.js';

eachDatabase('POST /invoices/:id/pay', (fresh) => {
  let billing: RunningBilling;
  beforeEach(async () => {
    billing = await RunningBilling.start(await fresh());
  });
  afterEach(() => billing.close());

  it('pays an open invoice', async () => {
    const issued = await billing.asService().issues();
    const alice = billing.as('alice');
    const answer = await alice.post(`/invoices/${issued.id}/pay`);

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ...issued, state: 'paid', paidAt: expect.any(String) });
    expect((await alice.get(`/invoices/${issued.id}`)).body).toEqual(answer.body);
  });

  it('answers 409 the second time, and says in which state the invoice is', async () => {
    const { id } = await billing.asService().issues();
    const alice = billing.as('alice');
    const first = await alice.post(`/invoices/${id}/pay`);
    const second = await alice.post(`/invoices/${id}/pay`);

    expect(second.status).toBe(409);
    expect(second.headers['content-type']).toMatch('application/problem+json');
    expect(second.body).toMatchObject({ status: 409, state: 'paid' });
    expect((await alice.get(`/invoices/${id}`)).body).toEqual(first.body);
  });

  it('lets one of fifty at once pay', async () => {
    const { id } = await billing.asService().issues();
    const payments = Array.from({ length: 50 }, () =>
      billing.as('alice').post(`/invoices/${id}/pay`),
    );
    const statuses = (await Promise.all(payments)).map(({ status }) => status);

    expect(statuses.sort()).toEqual([200, ...Array<number>(49).fill(409)]);
  });

  it('leaves the invoice of somebody else alone, also for the service that issued it', async () => {
    const { id } = await billing.asService().issues();
    const service = { client_id: 'orders-service', scope: 'billing:pay' };

    expect((await billing.as('mallory').post(`/invoices/${id}/pay`)).status).toBe(404);
    expect((await billing.as('orders-service', service).post(`/invoices/${id}/pay`)).status).toBe(
      404,
    );
    expect((await billing.as('alice').get(`/invoices/${id}`)).body.state).toBe('open');
  });
});

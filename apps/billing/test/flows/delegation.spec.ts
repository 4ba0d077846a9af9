import { anInvoice } from '../support/factories.js';
import { useRunningBilling } from '../support/running-billing.js';

const billing = useRunningBilling();

const delegations = () =>
  billing()
    .log.map((line): { context?: string; detail: object; level: string } => JSON.parse(line))
    .filter(({ context }) => context === 'Delegation')
    .map(({ detail }) => detail);

describe('requests of a service on behalf of a user (RFC 8693 §4.1)', () => {
  it('shows the invoices of the user, and logs user and service', async () => {
    const content = anInvoice({ customer: 'alice' });
    const { id } = await billing().asService().issueInvoice(content);
    const claims = { scope: 'billing:read', client_id: 'orders-service' };
    const orders = billing().asUser('alice', { ...claims, act: { sub: 'orders-service' } });
    const answer = await orders.get('/invoices').query({ orderId: content.orderId });

    expect(answer.body.invoices).toMatchObject([{ id }]);
    expect(delegations().at(-1)).toMatchObject({
      subject: 'alice',
      actor: 'orders-service',
      client: 'orders-service',
      reqId: expect.any(String),
    });
  });

  it('logs the outermost actor of a chain', async () => {
    const act = { sub: 'orders-service', act: { sub: 'gateway' } };
    await billing().asUser('alice', { act }).get('/invoices').expect(200);

    expect(delegations().at(-1)).toMatchObject({ actor: 'orders-service' });
  });

  it.each([
    ['a string', 'orders'],
    ['an object without sub', {}],
    ['an array', ['orders-service']],
  ])('logs the actor as unreadable when the claim act is %s', async (_name, act) => {
    const before = delegations().length;
    await billing().asUser('alice', { act }).get('/invoices').expect(200);

    expect(delegations()).toHaveLength(before + 1);
    expect(delegations().at(-1)).toMatchObject({ subject: 'alice', actor: 'unreadable' });
  });

  it('logs no actor when the user calls directly', async () => {
    const before = delegations().length;
    await billing().asUser('alice').get('/invoices').expect(200);

    expect(delegations()).toHaveLength(before);
  });
});

import { anInvoice } from '../support/factories.js';
import { useRunningBilling } from '../support/running-billing.js';

const billing = useRunningBilling();

const delegations = () =>
  billing()
    .log.map((line): { context?: string; detail: object; level: string } => JSON.parse(line))
    .filter(({ context }) => context === 'Delegation')
    .map(({ detail }) => detail);

describe('a service that acts for a person (RFC 8693 §4.1)', () => {
  it('sees what is theirs, and both are in the log', async () => {
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

  it('is the last of a chain', async () => {
    const act = { sub: 'orders-service', act: { sub: 'gateway' } };
    await billing().asUser('alice', { act }).get('/invoices').expect(200);

    expect(delegations().at(-1)).toMatchObject({ actor: 'orders-service' });
  });

  it.each([
    ['text', 'orders'],
    ['no subject', {}],
    ['a list', ['orders-service']],
  ])('is noted although its claim is %s', async (_name, act) => {
    const before = delegations().length;
    await billing().asUser('alice', { act }).get('/invoices').expect(200);

    expect(delegations()).toHaveLength(before + 1);
    expect(delegations().at(-1)).toMatchObject({ subject: 'alice', actor: 'unreadable' });
  });

  it('is nobody where the person comes themselves', async () => {
    const before = delegations().length;
    await billing().asUser('alice').get('/invoices').expect(200);

    expect(delegations()).toHaveLength(before);
  });
});

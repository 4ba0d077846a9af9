import { anInvoice } from '../support/factories.js';
import { useRunningBilling } from '../support/running-billing.js';

const billing = useRunningBilling();
const bad = (changes: object) => ({ ...anInvoice({ customer: 'victim' }), ...changes });

afterEach(async () => {
  expect((await billing().asUser('victim').get('/invoices')).body).toEqual({ invoices: [] });
});

describe('an invalid invoice', () => {
  it.each<[name: string, body: object, fault: string]>([
    ['an array', [], '#'],
    ['an unknown member', bad({ paidAt: 'now' }), '#'],
    ['no customer', bad({ customer: undefined }), '#/customer'],
    ['a customer with a NUL', bad({ customer: 'victim\0' }), '#/customer'],
    ['a customer that is an object', bad({ customer: { $ne: '' } }), '#/customer'],
    ['a customer of 256 characters', bad({ customer: 'v'.repeat(256) }), '#/customer'],
    ['an empty order', bad({ orderId: '' }), '#/orderId'],
    ['an order of 65 characters', bad({ orderId: 'o'.repeat(65) }), '#/orderId'],
    ['an amount of zero', bad({ amountMinor: 0 }), '#/amountMinor'],
    ['a negative amount', bad({ amountMinor: -1 }), '#/amountMinor'],
    ['a fractional amount', bad({ amountMinor: 0.5 }), '#/amountMinor'],
    ['an amount beyond 10^12', bad({ amountMinor: 1e12 + 1 }), '#/amountMinor'],
    ['an amount of 1e300', bad({ amountMinor: 1e300 }), '#/amountMinor'],
    ['an amount as text', bad({ amountMinor: '1' }), '#/amountMinor'],
    ['a currency of four letters', bad({ currency: 'EURO' }), '#/currency'],
    ['an unknown currency', bad({ currency: 'EUX' }), '#/currency'],
  ])('rejects %s with 400 and writes nothing', async (_name, body, pointer) => {
    const answer = await billing().asService().post('/invoices', body);

    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch('application/problem+json');
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ pointer }));
  });

  it('names the unknown members of a body', async () => {
    const answer = await billing()
      .asService()
      .post('/invoices', bad({ state: 'paid', id: 'x' }));

    expect(JSON.stringify(answer.body.errors)).toMatch(/state.*id/);
  });
});

describe('an unreadable body', () => {
  it.each<[name: string, type: string, body: string, status: number]>([
    ['malformed JSON', 'application/json', '{"customer":', 400],
    ['an empty body', 'application/json', '', 400],
    ['null', 'application/json', 'null', 400],
    ['__proto__', 'application/json', '{"__proto__":{"amountMinor":1}}', 400],
    ['a form', 'application/x-www-form-urlencoded', 'currency=EUR', 415],
    ['plain text', 'text/plain', JSON.stringify(bad({})), 415],
    ['a body of 70 KiB', 'application/json', JSON.stringify({ orderId: 'o'.repeat(71_680) }), 413],
  ])('rejects %s', async (_name, type, body, status) => {
    const answer = await billing()
      .asService()
      .post('/invoices')
      .set('content-type', type)
      .send(body);

    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch('application/problem+json');
  });
});

describe('an invalid page request', () => {
  it.each([
    'limit=-1',
    'limit=101',
    'limit=',
    'limit=1&limit=2',
    'after=AAAA',
    'state=lost',
    'orderId=',
    'orderId=a%00',
    'customer=alice',
  ])('rejects ?%s with 400', async (query) => {
    const answer = await billing().asUser('mallory').get(`/invoices?${query}`);

    expect(answer.status).toBe(400);
    expect(answer.body.errors).not.toHaveLength(0);
  });
});

describe('an invalid payment request', () => {
  it.each<[name: string, body: object]>([
    ['an empty object', {}],
    ['an array', []],
    ['an unknown member', { method: 'test-ok', amountMinor: 1 }],
    ['an empty method', { method: '' }],
    ['a method with a space', { method: 'test ok' }],
    ['a long method', { method: 'm'.repeat(65) }],
    ['a method that is an object', { method: { $ne: '' } }],
  ])('rejects %s with 400 and moves no money', async (_name, body) => {
    const { id } = await billing().asService().issueInvoice();
    const alice = billing().asUser('alice');
    const answer = await alice.post(`/invoices/${id}/pay`, body);

    expect(answer.status).toBe(400);
    expect((await alice.get(`/invoices/${id}`)).body.state).toBe('open');
  });
});

describe('an invalid month', () => {
  it.each([
    '',
    'month=',
    'month=2026',
    'month=2026-13',
    'month=1026-01',
    'month=2026-01&month=2026-02',
  ])('rejects ?%s with 400', async (query) => {
    const answer = await billing().asStaff().get(`/totals?${query}`);

    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([expect.objectContaining({ parameter: 'month' })]);
  });
});

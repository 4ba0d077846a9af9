import { TestClock, waitUntil } from '@gatehouse/service-kit/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakePaymentProvider } from '../../src/payments/fake-payment-provider.js';
import { RunningBilling, useRunningBilling } from '../support/running-billing.js';

describe('the fake payment provider', () => {
  const clock = TestClock.running();
  const provider = new FakePaymentProvider();
  let billing: RunningBilling;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-billing-'));
    billing = await RunningBilling.start({ dataDir }, { clock, payments: provider });
  });
  afterAll(async () => {
    await billing.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  beforeEach(() => provider.moved.clear());

  const stateOf = async (id: string) =>
    (await billing.asUser('alice').get(`/invoices/${id}`)).body.state;
  const waitForState = (id: string, state: string) =>
    waitUntil(async () => {
      clock.advance({ seconds: 300 });
      return (await stateOf(id)) === state;
    });

  it.each([
    ['test-ok', 200, 'paid', 1],
    ['test-twice', 200, 'paid', 1],
    ['test-declined', 402, 'open', 0],
    ['test-down', 202, 'paid', 1],
    ['test-lost', 202, 'paid', 1],
  ])(
    'answers a payment by %s with %i, and the invoice is finally %s',
    async (method, status, state, moved) => {
      const { id } = await billing.asService().issueInvoice();
      const answer = await billing.asUser('alice').payInvoice(id, method);

      expect(answer.status).toBe(status);
      await waitForState(id, state);
      expect(provider.moved.size).toBe(moved);
    },
  );

  it.each([
    ['test-ok', 200, 'refunded'],
    ['test-refund-declined', 409, 'paid'],
    ['test-refund-down', 202, 'refunded'],
    ['test-refund-twice', 200, 'refunded'],
  ])('answers the refund of a charge by %s with %i', async (method, status, state) => {
    const { id } = await billing.asService().issueInvoice();
    await billing.asUser('alice').payInvoice(id, method).expect(200);
    const answer = await billing.asStaff().post(`/invoices/${id}/refund`);

    expect(answer.status).toBe(status);
    await waitForState(id, state);
  });
});

describe('a service without a payment provider', () => {
  const billing = useRunningBilling({ FAKE_PAYMENTS: 'false' });

  it('answers a payment with 503 and stores nothing', async () => {
    const { id } = await billing().asService().issueInvoice();
    const answer = await billing().asUser('alice').payInvoice(id);

    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await billing().asUser('alice').get(`/invoices/${id}`)).body.state).toBe('open');
  });
});

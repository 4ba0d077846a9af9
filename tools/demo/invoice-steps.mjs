import { setTimeout as sleep } from 'node:timers/promises';
import { expectStatus, expectThat } from './expectations.mjs';
import { tokenFor } from './scope-steps.mjs';

/** Orders tells billing within a moment, and again until it has been heard. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = 250;

export const invoiceSteps = [
  {
    title: 'Send the order again, as after a lost answer',
    why: 'The same Idempotency-Key, the same order: nobody gets two parcels because of a bad network.',
    async run(walk) {
      const answer = await walk.call(walk.placing);
      expectStatus(answer, 201);
      expectThat(answer.body.id === walk.order.id, 'it should be the order that was placed');
    },
  },
  {
    title: 'Log in for billing, and look at the invoice',
    why: 'Orders has told billing, with a token of its own that is good for that alone. The order and the message were written together.',
    async run(walk) {
      walk.billingToken = await tokenFor(walk, {
        scope: 'billing:read billing:pay',
        app: 'billing',
      });
      const url = `${walk.urls.billing}/invoices?orderId=${walk.order.id}`;
      await untilInvoiced(url, walk);
      const answer = await walk.call({ url, token: walk.billingToken });
      expectStatus(answer, 200);
      expectThat(answer.body.invoices.length === 1, 'there should be one invoice');
      [walk.invoice] = answer.body.invoices;
      expectThat(walk.invoice.amountMinor === 2500, 'it should be about 2500');
    },
  },
  {
    title: 'Ask orders for the same invoice, with the token for orders',
    why: 'Orders exchanged it for a token that billing accepts: less scope, as short a life, and both names in it (RFC 8693).',
    async run(walk) {
      const url = `${walk.urls.orders}/orders/${walk.order.id}/invoice`;
      const answer = await walk.call({ url, token: walk.ordersToken });
      expectStatus(answer, 200);
      expectThat(answer.body.id === walk.invoice.id, 'it should be the same invoice');
    },
  },
  {
    title: 'Pay it',
    why: 'What is to be paid is stored before the payment provider is asked, so its answer may get lost.',
    async run(walk) {
      expectStatus(await pay(walk), 200);
    },
  },
  {
    title: 'Pay it once more',
    why: 'Paid is paid: the answer is the same, and no money moves.',
    async run(walk) {
      const answer = await pay(walk);
      expectStatus(answer, 200);
      expectThat(answer.body.state === 'paid', 'it should be paid');
    },
  },
];

/** Not shown: what a person does meanwhile is wait. */
async function untilInvoiced(url, { billingToken }) {
  const headers = { authorization: `Bearer ${billingToken}` };
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(PAUSE_MS)) {
    const response = await fetch(url, { headers });
    const { invoices = [] } = await response.json();
    if (invoices.length > 0) return;
  }
}

function pay(walk) {
  return walk.call({
    method: 'POST',
    url: `${walk.urls.billing}/invoices/${walk.invoice.id}/pay`,
    token: walk.billingToken,
    json: { method: 'test-ok' },
  });
}

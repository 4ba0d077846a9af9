import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectChallenge, expectOAuthError, expectStatus, expectThat } from '../smoke/walk.mjs';

/** @typedef {import('./walk.mjs').Walk} Walk */

/** Orders sends the message to billing within a moment, and repeats it until billing has accepted it. */
const INVOICE_TIMEOUT_MS = 15_000;
const INVOICE_INTERVAL_MS = 250;
/** The window starts at the rotation, before its answer. One second more for rounding of clocks. */
const WINDOW_MARGIN_MS = 1000;
/** The token lives one second, guards allow five more, and times are rounded to seconds. */
const EXPIRED_AFTER_MS = 7500;

/** @type {import('./walk.mjs').Step[]} */
export const orderSteps = [
  {
    title: 'Register',
    why: 'The answer is the same when the e-mail has an account already, so it does not reveal accounts.',
    async run(walk) {
      const url = `${walk.urls.auth}/auth/register`;
      expectStatus(await walk.call({ method: 'POST', url, json: walk.user }), 201);
    },
  },
  {
    title: 'Log in',
    why: 'An access token for orders alone, valid for five minutes, and a refresh token for the time after.',
    async run(walk) {
      const url = `${walk.urls.auth}/auth/login`;
      const answer = await walk.call({ method: 'POST', url, json: walk.user });
      expectStatus(answer, 200);
      expectThat(answer.body.refresh_token, 'there should be a refresh token');
      walk.ordersToken = answer.body.access_token;
      walk.firstRefreshToken = answer.body.refresh_token;
    },
  },
  {
    title: 'Place an order',
    why: "Orders verifies the token with the public keys of auth. The order belongs to the token's subject.",
    async run(walk) {
      const url = `${walk.urls.orders}/orders`;
      const items = [{ sku: 'lantern', quantity: 2, unitPriceMinor: 1250 }];
      const json = { items, currency: 'EUR' };
      const headers = { 'idempotency-key': `"${randomUUID()}"` };
      walk.orderCall = { method: 'POST', url, token: walk.ordersToken, json, headers };
      const answer = await walk.call(walk.orderCall);
      expectStatus(answer, 201);
      expectThat(answer.body.totalMinor === 2500, 'the server should have calculated 2500');
      walk.order = answer.body;
    },
  },
  {
    title: 'Take the same token to billing',
    why: 'Its audience is orders. A service that was broken into cannot use the tokens of its callers elsewhere (RFC 8707).',
    async run(walk) {
      const url = `${walk.urls.billing}/invoices`;
      const answer = await walk.call({ url, token: walk.ordersToken });
      expectStatus(answer, 401);
      expectChallenge(answer, 'error="invalid_token"');
    },
  },
  {
    title: 'Send the order again, as after a lost answer',
    why: 'The same Idempotency-Key gives the same order, so a bad network does not cause a second parcel.',
    async run(walk) {
      const answer = await walk.call(walk.orderCall);
      expectStatus(answer, 201);
      expectThat(answer.body.id === walk.order.id, 'it should be the order that was placed');
    },
  },
  {
    title: 'Log in for billing, and look at the invoice',
    why: 'Orders wrote the order and the message to billing in one transaction, and sent it with a service token of its own.',
    async run(walk) {
      walk.billingToken = await walk.logIn({ scope: 'billing:read billing:pay', app: 'billing' });
      const url = `${walk.urls.billing}/invoices?orderId=${walk.order.id}`;
      await untilInvoiced(url, walk);
      const answer = await walk.call({ url, token: walk.billingToken });
      expectStatus(answer, 200);
      expectThat(answer.body.invoices.length === 1, 'there should be one invoice');
      [walk.invoice] = answer.body.invoices;
      expectThat(walk.invoice.amountMinor === 2500, 'its amount should be 2500');
    },
  },
  {
    title: 'Ask orders for the same invoice, with the token for orders',
    why: 'Orders exchanged it for a token that billing accepts, with less scope, the same expiry, and both parties in it (RFC 8693).',
    async run(walk) {
      const url = `${walk.urls.orders}/orders/${walk.order.id}/invoice`;
      const answer = await walk.call({ url, token: walk.ordersToken });
      expectStatus(answer, 200);
      expectThat(answer.body.id === walk.invoice.id, 'it should be the same invoice');
    },
  },
  {
    title: 'Pay it',
    why: 'Billing stores the payment before it calls the payment provider, so a lost answer does no harm.',
    async run(walk) {
      expectStatus(await pay(walk), 200);
    },
  },
  {
    title: 'Pay it once more',
    why: 'The invoice is paid: the answer is the same, and no money moves.',
    async run(walk) {
      const answer = await pay(walk);
      expectStatus(answer, 200);
      expectThat(answer.body.state === 'paid', 'it should be paid');
    },
  },
  {
    title: 'Refresh',
    why: 'The refresh token is used, and a new one replaces it: the family is at its next generation.',
    async run(walk) {
      const answer = await refresh(walk, walk.firstRefreshToken);
      expectStatus(answer, 200);
      walk.rotatedAt = Date.now();
      walk.successor = answer.body.refresh_token;
      expectThat(
        walk.successor !== walk.firstRefreshToken,
        'the refresh token should be a new one',
      );
    },
  },
  {
    title: 'Refresh once more with the old token, within the window',
    why: 'The same successor again, so a lost answer or a second tab does not log the user out.',
    async run(walk) {
      const answer = await refresh(walk, walk.firstRefreshToken);
      expectStatus(answer, 200);
      expectThat(answer.body.refresh_token === walk.successor, 'the successor should be the same');
    },
  },
  {
    title: 'As a client, get a token that lives for one second, and use it',
    why: 'It is valid now. A later step uses it after its expiry.',
    async run(walk) {
      const answer = await walk.call({
        method: 'POST',
        url: `${walk.urls.auth}/oauth/token`,
        client: { id: 'short-lived-demo', secret: walk.credentials.SHORT_LIVED_SECRET },
        form: { grant_type: 'client_credentials', scope: 'orders:read' },
      });
      expectStatus(answer, 200);
      expectThat(answer.body.expires_in === 1, 'it should live for one second');
      walk.shortLivedToken = answer.body.access_token;
      walk.expiresBy = Date.now() + EXPIRED_AFTER_MS;
      const url = `${walk.urls.orders}/orders`;
      expectStatus(await walk.call({ url, token: walk.shortLivedToken }), 200);
    },
  },
  {
    title: 'Replay the old token after the window',
    why: 'An honest client no longer has it, so two parties hold this login: auth revokes the family and records a security event.',
    async run(walk) {
      const windowEnd = walk.rotatedAt + walk.graceSeconds * 1000 + WINDOW_MARGIN_MS;
      const end = Math.max(windowEnd, walk.expiresBy);
      await walk.narrator.wait(end - Date.now(), 'the window must have closed');
      expectOAuthError(await refresh(walk, walk.firstRefreshToken), 'invalid_grant');
    },
  },
  {
    title: 'Use its successor, which was not replayed',
    why: 'It is revoked too, so the thief has no valid token.',
    async run(walk) {
      expectOAuthError(await refresh(walk, walk.successor), 'invalid_grant');
    },
  },
];

/**
 * Waits for the invoice. These requests are not printed.
 *
 * @param {string} url
 * @param {Walk} walk
 */
async function untilInvoiced(url, { billingToken }) {
  const headers = { authorization: `Bearer ${billingToken}` };
  const end = Date.now() + INVOICE_TIMEOUT_MS;
  for (; Date.now() < end; await sleep(INVOICE_INTERVAL_MS)) {
    const response = await fetch(url, { headers });
    const body = /** @type {{ invoices?: object[] }} */ (await response.json());
    if (body.invoices?.length) return;
  }
}

/** @param {Walk} walk */
function pay(walk) {
  return walk.call({
    method: 'POST',
    url: `${walk.urls.billing}/invoices/${walk.invoice.id}/pay`,
    token: walk.billingToken,
    json: { method: 'test-ok' },
  });
}

/** @param {Walk} walk @param {string} token */
function refresh(walk, token) {
  const url = `${walk.urls.auth}/auth/refresh`;
  return walk.call({ method: 'POST', url, json: { refresh_token: token } });
}

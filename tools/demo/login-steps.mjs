import { randomUUID } from 'node:crypto';
import { expectChallenge, expectStatus, expectThat } from './expectations.mjs';

export const loginSteps = [
  {
    title: 'Register',
    why: 'The answer is the same where the e-mail has an account already: nobody learns who has one.',
    async run(walk) {
      const url = `${walk.urls.auth}/auth/register`;
      expectStatus(await walk.call({ method: 'POST', url, json: walk.person }), 201);
    },
  },
  {
    title: 'Log in',
    why: 'An access token for five minutes and for orders alone, and a refresh token for what comes after.',
    async run(walk) {
      const url = `${walk.urls.auth}/auth/login`;
      const answer = await walk.call({ method: 'POST', url, json: walk.person });
      expectStatus(answer, 200);
      expectThat(answer.body.refresh_token, 'there should be a refresh token');
      walk.ordersToken = answer.body.access_token;
      walk.firstRefreshToken = answer.body.refresh_token;
    },
  },
  {
    title: 'Place an order',
    why: "orders checks the token with the public keys of auth; the order belongs to the token's subject.",
    async run(walk) {
      const url = `${walk.urls.orders}/orders`;
      const items = [{ sku: 'lantern', quantity: 2, unitPriceMinor: 1250 }];
      const json = { items, currency: 'EUR' };
      const headers = { 'idempotency-key': `"${randomUUID()}"` };
      walk.placing = { method: 'POST', url, token: walk.ordersToken, json, headers };
      const answer = await walk.call(walk.placing);
      expectStatus(answer, 201);
      expectThat(answer.body.totalMinor === 2500, 'the server should have worked out 2500');
      walk.order = answer.body;
    },
  },
  {
    title: 'Take the same token to billing',
    why: "Its audience is orders. A service that is broken into cannot use its callers' tokens elsewhere (RFC 8707).",
    async run(walk) {
      const url = `${walk.urls.billing}/invoices`;
      const answer = await walk.call({ url, token: walk.ordersToken });
      expectStatus(answer, 401);
      expectChallenge(answer, 'error="invalid_token"');
    },
  },
];

import { expectChallenge, expectStatus } from './expectations.mjs';

export const scopeSteps = [
  {
    title: 'Log in again, to read only, and try to place an order',
    why: 'The token is good and does not reach this far: 403, and the challenge names the scope that is missing (RFC 6750 §3.1).',
    async run(walk) {
      walk.readToken = await tokenFor(walk, { scope: 'orders:read', app: 'orders' });
      const answer = await walk.call({
        method: 'POST',
        url: `${walk.urls.orders}/orders`,
        token: walk.readToken,
        json: { items: [{ sku: 'lantern', quantity: 1, unitPriceMinor: 1250 }], currency: 'EUR' },
      });
      expectStatus(answer, 403);
      expectChallenge(answer, 'error="insufficient_scope"', 'scope="orders:write"');
    },
  },
  {
    title: 'Read the orders with it',
    why: 'This token is accepted; each of the next is the same one with a single thing wrong.',
    async run(walk) {
      const url = `${walk.urls.orders}/orders`;
      expectStatus(await walk.call({ url, token: walk.readToken }), 200);
    },
  },
  {
    title: 'A token for another audience',
    why: 'Signed by auth, in force, of the same person, and made for billing.',
    async run(walk) {
      const token = await tokenFor(walk, { scope: 'billing:read', app: 'billing' });
      await expectRefused(walk, token);
    },
  },
  {
    title: 'A token that has expired',
    why: 'The one-second token from before. Guards forgive five seconds between clocks, and no more.',
    run: (walk) => expectRefused(walk, walk.shortLivedToken),
  },
];

/** RFC 6750 §3.1. Which rule it breaks is for the operator's log, not for whoever is trying. */
export async function expectRefused(walk, token) {
  const answer = await walk.call({ url: `${walk.urls.orders}/orders`, token });
  expectStatus(answer, 401);
  expectChallenge(answer, 'error="invalid_token"');
}

/** Of the same person, by another login. */
export async function tokenFor(walk, { scope, app }) {
  const url = `${walk.urls.auth}/auth/login`;
  const json = { ...walk.person, scope, resource: walk.resources[app] };
  const answer = await walk.call({ method: 'POST', url, json });
  expectStatus(answer, 200);
  return answer.body.access_token;
}

import { forgeries, partsOf } from '../smoke/forgeries.mjs';
import { expectChallenge, expectStatus } from '../smoke/walk.mjs';

/** @typedef {import('./walk.mjs').Walk} Walk */

/** @type {import('./walk.mjs').Step[]} */
const scopeSteps = [
  {
    title: 'Log in again, to read only, and try to place an order',
    why: 'The token is valid but its scope is too narrow: 403, and the challenge names the missing scope (RFC 6750 §3.1).',
    async run(walk) {
      walk.readToken = await walk.logIn({ scope: 'orders:read', app: 'orders' });
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
    why: 'This token is accepted. Each of the next tokens is the same one with a single fault.',
    async run(walk) {
      const url = `${walk.urls.orders}/orders`;
      expectStatus(await walk.call({ url, token: walk.readToken }), 200);
    },
  },
  {
    title: 'A token for another audience',
    why: 'Auth signed it for the same user, it is valid, and its audience is billing.',
    async run(walk) {
      const token = await walk.logIn({ scope: 'billing:read', app: 'billing' });
      await expectRejected(walk, token);
    },
  },
  {
    title: 'A token that has expired',
    why: 'The one-second token from before. Guards allow clocks to differ by five seconds.',
    run: (walk) => expectRejected(walk, walk.shortLivedToken),
  },
];

/** @type {import('./walk.mjs').Step[]} */
export const rejectionSteps = [
  ...scopeSteps,
  ...forgeries.map(({ title, why, forge }) => ({
    title,
    why,
    /** @param {Walk} walk */
    run: (walk) => expectRejected(walk, forge(partsOf(walk.readToken, walk.keySet))),
  })),
];

/**
 * RFC 6750 §3.1. The log of the operator has the broken rule; the answer does not.
 *
 * @param {Walk} walk
 * @param {string} token
 */
async function expectRejected(walk, token) {
  const answer = await walk.call({ url: `${walk.urls.orders}/orders`, token });
  expectStatus(answer, 401);
  expectChallenge(answer, 'error="invalid_token"');
}

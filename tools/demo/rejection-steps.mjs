import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { expectChallenge, expectStatus } from './walk.mjs';

/** @typedef {import('./walk.mjs').Walk} Walk */
/** @typedef {{ header: Record<string, any>, claims: object, signature: Buffer, jwk: any }} TokenParts */

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

/**
 * Tokens that an attacker can make from a valid token and the public keys, without a private key.
 *
 * @type {{ title: string, why: string, forge: (parts: TokenParts) => string }[]}
 */
const forgeries = [
  {
    title: 'A forged token: not signed (alg none)',
    why: 'The service fixes the algorithms. A token cannot choose how it is verified (RFC 8725 §3.1).',
    forge: ({ header, claims }) => compact({ ...header, alg: 'none' }, claims, () => ''),
  },
  {
    title: 'A forged token: HS256, with the public key as the secret',
    why: 'The key set is public, so an attacker has this secret. The guards allow no symmetric algorithm (RFC 8725 §2.1).',
    forge: ({ header, claims, jwk }) => {
      const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({
        type: 'spki',
        format: 'pem',
      });
      return compact({ ...header, alg: 'HS256' }, claims, (content) =>
        createHmac('sha256', pem).update(content).digest(),
      );
    },
  },
  {
    title: "A forged token: signed by another key under the real key's name",
    why: 'The `kid` selects the key for the verification. It proves nothing by itself.',
    forge: ({ header, claims, jwk }) => {
      const key = otherPrivateKey(jwk);
      return compact(header, claims, (content) =>
        sign('sha256', content, { key, dsaEncoding: 'ieee-p1363' }),
      );
    },
  },
  {
    title: 'A forged token: the genuine one with a wider scope written into it',
    why: 'The signature covers the claims. A change of one letter needs a new signature, and so the private key.',
    forge: ({ header, claims, signature }) =>
      compact(header, { ...claims, scope: 'orders:read orders:write' }, () => signature),
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

/** @param {string} token @param {import('./walk.mjs').KeySet} keySet @returns {TokenParts} */
function partsOf(token, keySet) {
  const [header, claims, signature] = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url'));
  const parsedHeader = JSON.parse(header.toString());
  const jwk = keySet.keys.find(({ kid }) => kid === parsedHeader.kid);
  return { header: parsedHeader, claims: JSON.parse(claims.toString()), signature, jwk };
}

/**
 * JWS compact serialization (RFC 7515 §3.1).
 *
 * @param {object} header
 * @param {object} claims
 * @param {(content: Buffer) => string | Buffer} signatureOf
 */
function compact(header, claims, signatureOf) {
  /** @param {object} value */
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${encode(header)}.${encode(claims)}`;
  return `${content}.${Buffer.from(signatureOf(Buffer.from(content))).toString('base64url')}`;
}

/** A private key of the same kind as a public one. @param {{ kty?: string }} jwk */
function otherPrivateKey({ kty }) {
  const { privateKey } =
    kty === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey;
}

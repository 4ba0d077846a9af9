import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

/** @typedef {{ keys: import('node:crypto').JsonWebKey[] }} KeySet */
/** @typedef {{ header: Record<string, any>, claims: object, signature: Buffer, jwk: any }} TokenParts */

/**
 * Tokens that an attacker can make from a valid token and the public keys, without a private key.
 *
 * @type {{ title: string, why: string, forge: (parts: TokenParts) => string }[]}
 */
export const forgeries = [
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
      compact(header, { ...claims, scope: 'admin' }, () => signature),
  },
];

/** @param {string} token @param {KeySet} keySet @returns {TokenParts} */
export function partsOf(token, keySet) {
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

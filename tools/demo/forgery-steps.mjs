import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { expectRefused } from './scope-steps.mjs';

/** What somebody can do who has a genuine token and the public keys, but no private one. */
const forgeries = [
  {
    title: 'A forged token: signed by nobody (alg none)',
    why: 'The algorithms are pinned by the service. A token does not choose how it is checked (RFC 8725 §3.1).',
    forge: ({ header, claims }) => compact({ ...header, alg: 'none' }, claims, () => ''),
  },
  {
    title: 'A forged token: HS256, with the public key as the secret',
    why: 'Everybody has the public key. No symmetric algorithm is ever allowed here (RFC 8725 §2.1).',
    forge: ({ header, claims, jwk }) => {
      const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({
        type: 'spki',
        format: 'pem',
      });
      const mac = (content) => createHmac('sha256', pem).update(content).digest();
      return compact({ ...header, alg: 'HS256' }, claims, mac);
    },
  },
  {
    title: "A forged token: signed by another key under the real key's name",
    why: 'The `kid` says which key to check with; it proves nothing by itself.',
    forge: ({ header, claims, jwk }) => {
      const { privateKey: key } = foreignKeyPair(jwk);
      const signature = (content) => sign('sha256', content, { key, dsaEncoding: 'ieee-p1363' });
      return compact(header, claims, signature);
    },
  },
  {
    title: 'A forged token: the genuine one with a wider scope written into it',
    why: 'The signature covers the claims: whoever changes a letter needs the private key.',
    forge: ({ header, claims, signature }) =>
      compact(header, { ...claims, scope: 'orders:read orders:write' }, () => signature),
  },
];

export const forgerySteps = forgeries.map(({ title, why, forge }) => ({
  title,
  why,
  run: (walk) => expectRefused(walk, forge(partsOf(walk.readToken, walk.keySet))),
}));

function partsOf(token, keySet) {
  const [header, claims, signature] = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url'));
  const parsedHeader = JSON.parse(header);
  const jwk = keySet.keys.find(({ kid }) => kid === parsedHeader.kid);
  return { header: parsedHeader, claims: JSON.parse(claims), signature, jwk };
}

/** JWS compact serialization (RFC 7515 §3.1). */
function compact(header, claims, signatureOf) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${part(header)}.${part(claims)}`;
  return `${content}.${Buffer.from(signatureOf(Buffer.from(content))).toString('base64url')}`;
}

function foreignKeyPair({ kty }) {
  return kty === 'RSA'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

import { createHash, sign as signBytes } from 'node:crypto';
import { signature as sign } from '../../signing-key.js';
import { invalidToken } from '../support/answer.js';
import { forEdwards, type Resource, type TokenCase, tokenCases } from '../support/corpus-case.js';
import type { Forge } from '../support/forge.js';
import { type KeyRole, SMALL_ORDER_POINT } from '../support/published-keys.js';

/** The order L of the group (RFC 8032 §5.1). */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** S + L verifies where S does, unless the verifier checks the range of S. */
function withOrderAdded(signature: Buffer): Buffer {
  const bigEndian = Buffer.from(signature.subarray(32)).reverse();
  const scalar = BigInt(`0x${bigEndian.toString('hex')}`) + ORDER;
  const bytes = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse();
  return Buffer.concat([signature.subarray(0, 32), bytes]);
}

/** Signs with the given bytes, under the key of a role. */
function tokenUnder(forge: Forge, role: KeyRole, bytes?: Buffer): string {
  const { keys, algorithm } = forge.issuer;
  const input = forge.signingInput({ kid: keys.kids[role], alg: algorithm });
  return `${input}.${bytes?.toString('base64url') ?? sign(input, keys.spare)}`;
}

const isNamed = (name: string) => (resource: Resource) => resource.algorithm === name;

const ed448: Omit<TokenCase, 'id' | 'rule'> = {
  title: 'An Ed448 key of the issuer signed the token',
  reason: 'unknown_key',
  token: (forge) => {
    const { ed448: key } = forge.issuer.keys;
    return forge.signedWith(key, { kid: key.kid, alg: forge.issuer.algorithm });
  },
};

const cases: TokenCase[] = [
  {
    id: 'ed25519-other-name',
    title: 'alg is the other name of the algorithm, which the service does not list',
    rule: 'RFC 9864 §2.2',
    reason: 'refused_algorithm',
    stricter: true,
    token: (forge) => {
      const alg = forge.issuer.algorithm === 'EdDSA' ? 'Ed25519' : 'EdDSA';
      return forge.accessToken({}, { header: { alg } });
    },
  },
  {
    id: 'ed25519-scalar-beyond-order',
    title: 'The scalar S of the signature is larger than the order of the group',
    rule: 'RFC 8032 §5.1.7, §8.4',
    reason: 'bad_signature',
    token: (forge) => {
      const [header, payload, signature] = forge.segments();
      const bytes = withOrderAdded(Buffer.from(signature, 'base64url'));
      return `${header}.${payload}.${bytes.toString('base64url')}`;
    },
  },
  {
    id: 'ed25519-over-hash',
    title: 'The signature covers the SHA-512 of the token, not the token',
    rule: 'RFC 8037 §3.1',
    reason: 'bad_signature',
    token: (forge) => {
      const input = forge.signingInput();
      const digest = createHash('sha512').update(input).digest();
      const { privateKey } = forge.issuer.signingKey;
      return `${input}.${signBytes(undefined, digest, privateKey).toString('base64url')}`;
    },
  },
  {
    id: 'ed25519-small-order',
    title: 'The published key has a small order, and the signature needs no private key',
    rule: 'RFC 8725 §3.4',
    reason: 'unknown_key',
    stricter: true,
    token: (forge) =>
      tokenUnder(forge, 'small-order', Buffer.concat([SMALL_ORDER_POINT, Buffer.alloc(32)])),
  },
  {
    id: 'ed25519-x25519-key',
    title: 'kid names a key of X25519, which is for key agreement',
    rule: 'RFC 8037 §3.2',
    reason: 'unknown_key',
    token: (forge) => tokenUnder(forge, 'x25519'),
  },
  {
    id: 'ed25519-wrong-key-type',
    title: 'The published key has the key type EC',
    rule: 'RFC 8037 §2',
    reason: 'unknown_key',
    stricter: true,
    token: (forge) => tokenUnder(forge, 'wrong-key-type'),
  },
  { ...ed448, id: 'ed25519-by-ed448', rule: 'RFC 9864 §2.2', appliesTo: isNamed('Ed25519') },
  {
    ...ed448,
    id: 'eddsa-by-ed448',
    rule: 'RFC 8725 §3.1',
    stricter: true,
    appliesTo: isNamed('EdDSA'),
  },
];

export const edwards = tokenCases(
  invalidToken,
  cases.map((one) => ({ appliesTo: forEdwards, ...one })),
);

import { generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto';
import type { Algorithm } from '../../../src/core/algorithms.js';
import { generateSigningKey, type SigningKey } from '../../signing-key.js';

/** The roles of the published keys. The first three are valid. */
const ROLES = [
  'good',
  'second',
  'without-alg',
  'for-encryption',
  'without-verify',
  'for-another-algorithm',
  'of-another-kind',
  'shared',
  'exposed',
  'symmetric',
  'rsa-1024',
  'rsa-exponent-one',
  'off-curve',
  'ed448',
  'x25519',
  'small-order',
  'wrong-key-type',
] as const;

export type KeyRole = (typeof ROLES)[number];

/** For each algorithm or family, another algorithm that a verifier could confuse with it. */
const OTHER: Readonly<Record<string, Algorithm>> = {
  ES: 'ES384',
  ES384: 'ES256',
  RS: 'PS256',
  PS: 'RS256',
};

/** The keys of a corpus issuer: valid keys, and published keys that must not verify any token. */
export interface PublishedKeys {
  readonly good: SigningKey;
  readonly spare: SigningKey;
  /** Published under the same kid as `spare`. */
  readonly double: SigningKey;
  readonly otherFamily: SigningKey;
  readonly short: SigningKey;
  /** On another curve of RFC 8037. */
  readonly ed448: SigningKey;
  readonly secret: Buffer;
  /** New in each run, because a service may still cache the keys of the previous run. */
  readonly kids: Readonly<Record<KeyRole, string>>;
  readonly jwks: readonly JsonWebKey[];
}

export function generateKeys(algorithm: Algorithm): PublishedKeys {
  const kids = keyIdentifiers();
  const keys = {
    kids,
    good: generateSigningKey(algorithm, kids.good),
    spare: generateSigningKey(algorithm, kids.shared),
    double: generateSigningKey(algorithm, kids.shared),
    otherFamily: generateSigningKey(otherThan(algorithm), kids['of-another-kind']),
    short: shortRsaKey(kids['rsa-1024']),
    ed448: ed448Key(kids.ed448),
    secret: randomBytes(32),
  };
  const jwks = [
    ...goodJwks(keys),
    ...misusedJwks(keys),
    ...brokenJwks(keys),
    ...(algorithm.startsWith('Ed') ? edwardsJwks(keys) : []),
  ];
  return { ...keys, jwks };
}

function keyIdentifiers(): Record<KeyRole, string> {
  const run = randomBytes(4).toString('hex');
  const kids = ROLES.map((role) => [role, `${role}-${run}`]);
  return Object.fromEntries(kids);
}

function otherThan(algorithm: Algorithm): Algorithm {
  return OTHER[algorithm] ?? OTHER[algorithm.slice(0, 2)] ?? 'ES256';
}

type Keys = Omit<PublishedKeys, 'jwks'>;

function goodJwks({ good, spare, kids }: Keys): JsonWebKey[] {
  const { alg: _alg, use: _use, ...bare } = spare.publicJwk;
  return [
    good.publicJwk,
    { ...spare.publicJwk, kid: kids.second },
    { ...bare, kid: kids['without-alg'] },
  ];
}

/** Sound keys with another purpose. */
function misusedJwks({ spare, double, otherFamily, kids }: Keys): JsonWebKey[] {
  const { use: _use, ...withoutUse } = spare.publicJwk;
  const otherAlg = otherFamily.algorithm;
  return [
    { ...spare.publicJwk, kid: kids['for-encryption'], use: 'enc' },
    { ...withoutUse, kid: kids['without-verify'], key_ops: ['encrypt'] },
    { ...spare.publicJwk, kid: kids['for-another-algorithm'], alg: otherAlg },
    otherFamily.publicJwk,
    spare.publicJwk,
    double.publicJwk,
  ];
}

function brokenJwks({ good, spare, short, secret, kids }: Keys): JsonWebKey[] {
  const jwks: JsonWebKey[] = [
    { ...spare.privateKey.export({ format: 'jwk' }), ...named(spare, kids.exposed) },
    { kty: 'oct', k: secret.toString('base64url'), kid: kids.symmetric, alg: 'HS256' },
    short.publicJwk,
  ];
  const { x, y, n } = good.publicJwk;
  if (n) jwks.push({ ...spare.publicJwk, kid: kids['rsa-exponent-one'], e: 'AQ' });
  if (x && y) jwks.push({ ...good.publicJwk, kid: kids['off-curve'], y: x });
  return jwks;
}

/** A point of order 1. Under it, a signature without any secret fits every text. */
export const SMALL_ORDER_POINT = Buffer.concat([Buffer.of(1), Buffer.alloc(31)]);

/** Keys that are not Ed25519 keys, or not sound ones. */
function edwardsJwks({ spare, ed448, kids }: Keys): JsonWebKey[] {
  const { publicKey } = generateKeyPairSync('x25519');
  return [
    ed448.publicJwk,
    { ...publicKey.export({ format: 'jwk' }), ...named(spare, kids.x25519) },
    {
      ...spare.publicJwk,
      kid: kids['small-order'],
      x: SMALL_ORDER_POINT.toString('base64url'),
    },
    { ...spare.publicJwk, kid: kids['wrong-key-type'], kty: 'EC' },
  ];
}

/** `EdDSA` is its name too (RFC 8037 §3.1), and `Ed25519` is not (RFC 9864 §2.2). */
function ed448Key(kid: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed448');
  const algorithm = 'EdDSA';
  const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, publicKey, publicJwk };
}

function named({ algorithm }: SigningKey, kid: string) {
  return { kid, alg: algorithm, use: 'sig' };
}

/** Too short: RFC 7518 §3.3 requires 2048 bits. */
function shortRsaKey(kid: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const algorithm = 'RS256';
  const publicJwk = {
    ...publicKey.export({ format: 'jwk' }),
    kid,
    alg: algorithm,
    use: 'sig',
  };
  return { kid, algorithm, privateKey, publicKey, publicJwk };
}

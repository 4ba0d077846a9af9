import {
  constants,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import type { Algorithm } from '../src/core/algorithms.js';

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

/** A key pair for one test run, with the JWK of its public key. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: JsonWebKey & { readonly kid: string };
}

export function generateSigningKey(algorithm: Algorithm, kid: string = randomUUID()): SigningKey {
  const { privateKey, publicKey } = generateKeyPair(algorithm);
  const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, publicKey, publicJwk };
}

function generateKeyPair(algorithm: Algorithm) {
  const curve = CURVES[algorithm];
  if (curve) return generateKeyPairSync('ec', { namedCurve: curve });
  if (algorithm.startsWith('Ed')) return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** Signs by RFC 7518 §3.3 to §3.5 or RFC 8037 §3.1 and returns base64url. Another `algorithm` than the key's makes a wrong signature. */
export function signature(input: string, key: SigningKey, algorithm = key.algorithm): string {
  const pss = {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  };
  const options = {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363' as const,
    ...(algorithm.startsWith('PS') && pss),
  };
  const hash = algorithm.startsWith('Ed') ? undefined : `sha${algorithm.slice(2)}`;
  return sign(hash, Buffer.from(input), options).toString('base64url');
}

/** A JSON object, or text that is encoded unchanged, so that a test can send invalid JSON. */
export type Part = object | string;

export function encodePart(part: Part): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

/** Makes a JWS in compact serialization with a real signature, also over an invalid header or payload (RFC 7515 §7.1). */
export function compactJws(header: Part, payload: Part, key: SigningKey): string {
  const input = `${encodePart(header)}.${encodePart(payload)}`;
  return `${input}.${signature(input, key)}`;
}

import { constants } from 'node:crypto';

/**
 * The signature algorithms that a resource server may allow (RFC 7518 §3.1, RFC 9864). `none` and HMAC are missing on
 * purpose: a resource server that can verify an HMAC can also forge tokens. `EdDSA` is the old name of `Ed25519`, and
 * verifies with no other curve.
 */
// prettier-ignore
export const ALGORITHMS = [
  'ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512',
] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

export function isAlgorithm(value: unknown): value is Algorithm {
  return ALGORITHMS.some((algorithm) => algorithm === value);
}

/** `EdDSA` (RFC 8037) and `Ed25519` (RFC 9864) are names of one algorithm. */
export function isSameAlgorithm(one: unknown, other: unknown): boolean {
  const isEdwards = (name: unknown) => name === 'EdDSA' || name === 'Ed25519';
  return one === other || (isEdwards(one) && isEdwards(other));
}

/** Key type and parameters of an algorithm (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1). */
export interface AlgorithmParameters {
  readonly keyType: 'EC' | 'RSA' | 'OKP';
  /** `crv` of an EC or OKP key. */
  readonly curve?: string;
  /** Undefined if the algorithm hashes by itself. */
  readonly hash: string | undefined;
  readonly verifyOptions: { dsaEncoding?: 'ieee-p1363'; padding?: number; saltLength?: number };
}

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

export function getAlgorithmParameters(algorithm: Algorithm): AlgorithmParameters {
  if (isSameAlgorithm(algorithm, 'Ed25519')) {
    return { keyType: 'OKP', curve: 'Ed25519', hash: undefined, verifyOptions: {} };
  }
  const hash = `sha${algorithm.slice(2)}`;
  const curve = CURVES[algorithm];
  if (curve) return { keyType: 'EC', curve, hash, verifyOptions: { dsaEncoding: 'ieee-p1363' } };
  if (algorithm.startsWith('RS')) return { keyType: 'RSA', hash, verifyOptions: {} };
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  return { keyType: 'RSA', hash, verifyOptions: { padding, saltLength } };
}

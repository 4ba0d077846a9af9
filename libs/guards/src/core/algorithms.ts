import { constants } from 'node:crypto';

/**
 * The signature algorithms that a resource server may allow (RFC 7518 §3.1). `none` and HMAC are missing on purpose: a
 * resource server that can verify an HMAC can also forge tokens.
 */
export const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

export function isAlgorithm(value: unknown): value is Algorithm {
  return ALGORITHMS.some((algorithm) => algorithm === value);
}

/** Key type and parameters of an algorithm (RFC 7518 §3.3 to §3.5). */
export interface AlgorithmParameters {
  readonly keyType: 'EC' | 'RSA';
  /** `crv` of an EC key. */
  readonly curve?: string;
  readonly hash: string;
  readonly verifyOptions: { dsaEncoding?: 'ieee-p1363'; padding?: number; saltLength?: number };
}

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

export function getAlgorithmParameters(algorithm: Algorithm): AlgorithmParameters {
  const hash = `sha${algorithm.slice(2)}`;
  const curve = CURVES[algorithm];
  if (curve) return { keyType: 'EC', curve, hash, verifyOptions: { dsaEncoding: 'ieee-p1363' } };
  if (algorithm.startsWith('RS')) return { keyType: 'RSA', hash, verifyOptions: {} };
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  return { keyType: 'RSA', hash, verifyOptions: { padding, saltLength } };
}

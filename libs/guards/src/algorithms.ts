/**
 * The signature algorithms a resource server may allow (RFC 7518 §3.1). `none` and the HMAC family are absent on
 * purpose: a resource server that could verify an HMAC could also forge the token.
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

import type { TrustedIssuer } from '../issuers/trusted-issuer.js';
import { requireSignature } from '../keys/require-signature.js';
import type { VerificationKey } from '../keys/verification-key.js';
import { InvalidToken } from '../refusals/bearer-error.js';
import type { CompactJws } from '../token/compact-jws.js';
import type { JoseHeader } from '../token/jose-header.js';
import type { Rule } from './rule.js';

/** A token whose key can be asked for. */
export interface Signed {
  readonly issuer: TrustedIssuer;
  readonly jose: JoseHeader;
  readonly jws: CompactJws;
}

export const KEY_RULES: readonly Rule<Signed>[] = [
  {
    says: 'The issuer publishes that key',
    source: 'RFC 7517 §4.5, RFC 9068 §4',
    seen: ({ jose }) => jose.kid,
    test: publishedKey,
  },
];

export const SIGNATURE_RULES: readonly Rule<Signed & { readonly key: VerificationKey }>[] = [
  {
    says: 'The key signed it, by the algorithm that the key is for',
    source: 'RFC 7515 §5.2, RFC 8725 §3.1',
    seen: ({ jose }) => jose.alg,
    wanted: ({ key }) => key.algorithm,
    test: ({ key, ...signed }) => requireSignature(signed, key),
  },
];

export async function publishedKey({ issuer, jose }: Signed): Promise<VerificationKey> {
  const key = await issuer.keySet.find(jose.kid);
  if (!key) throw new InvalidToken('unknown_key');
  return key;
}

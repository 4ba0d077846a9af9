import { InvalidToken } from '../refusals/bearer-error.js';
import type { CompactJws } from '../token/compact-jws.js';
import type { JoseHeader } from '../token/jose-header.js';
import type { VerificationKey } from './verification-key.js';

export interface SignedText {
  readonly jose: JoseHeader;
  readonly jws: CompactJws;
}

/**
 * One key, one algorithm (RFC 8725 §3.1), and its signature (RFC 7515 §5.2).
 *
 * @throws InvalidToken
 */
export function requireSignature(
  { jose, jws }: SignedText,
  key: VerificationKey | undefined,
): asserts key is VerificationKey {
  if (!key) throw new InvalidToken('unknown_key');
  if (key.algorithm !== jose.alg) throw new InvalidToken('refused_algorithm');
  if (!key.verifies(jws.signingInput, jws.signature)) throw new InvalidToken('bad_signature');
}

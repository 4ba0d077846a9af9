import { instant, text } from '../token/claims.js';
import { type CompactJws, parseCompactJws, requireLength } from '../token/compact-jws.js';
import type { JsonObject } from '../token/strict-json.js';
import type { ProofKey, ProofKeys } from './proof-key.js';
import { InvalidProof } from './proof-refusals.js';

/** A proof taken apart. Its key says that it is the signer's; nothing has been verified yet. */
export interface ParsedProof {
  readonly jws: CompactJws;
  readonly key: ProofKey;
  readonly claims: ProofClaims;
}

/** RFC 9449 §4.2. */
export interface ProofClaims {
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  /** `iat`, in epoch milliseconds. */
  readonly issuedAt: number;
  readonly ath: unknown;
  readonly nonce: unknown;
}

/**
 * RFC 9449 §4.3, points 2 to 5 and 7.
 *
 * @throws InvalidProof
 */
export function parseProof(
  proof: string,
  limits: { readonly maxTokenBytes: number },
  keys: ProofKeys,
): ParsedProof {
  try {
    requireLength(proof, limits);
    const jws = parseCompactJws(proof);
    return { jws, key: keys.of(jws.header), claims: claimsOf(jws.claims) };
  } catch (cause) {
    throw new InvalidProof('malformed_proof', cause);
  }
}

function claimsOf({ jti, htm, htu, iat, ath, nonce }: JsonObject): ProofClaims {
  return {
    jti: text(jti, 'jti'),
    htm: text(htm, 'htm'),
    htu: text(htu, 'htu'),
    issuedAt: instant(iat, 'iat').getTime(),
    ath,
    nonce,
  };
}

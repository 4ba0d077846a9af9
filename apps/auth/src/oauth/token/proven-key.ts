import type { Client } from '../../clients/client.entity.js';
import { OAuthError } from '../../platform/oauth-error.js';

/** The key of a valid DPoP proof. The part dpop sets it; without that part, no request has one. */
export interface ProvenKey {
  /** Its thumbprint (RFC 7638). */
  readonly jkt: string;
  /**
   * Marks the proof as used (RFC 9449 §11.1). Call it after all other checks and before the first irreversible step.
   * @throws {OAuthError} `invalid_dpop_proof` if the proof was used before
   */
  markProofUsed(): Promise<void>;
}

/** By request. */
const provenKeys = new WeakMap<object, ProvenKey>();

export function setProvenKey(request: object, key: ProvenKey): void {
  provenKeys.set(request, key);
}

/**
 * @returns undefined if the client sent no proof
 * @throws {OAuthError} if the client must send one: "… the authorization server MUST reject token requests from the client that
 *   do not contain the DPoP header" (RFC 9449 §5.2)
 */
export function getProvenKey(request: object, client: Client): ProvenKey | undefined {
  const key = provenKeys.get(request);
  if (key || !client.dpopBound) return key;
  throw OAuthError.invalidDpopProof('This client must send a DPoP proof.', 'no_proof');
}

import type { ProofFault } from '../dpop/proof-refusals.js';

/** Why a call was refused. Stable names, for logs and metrics; never sent to the client. */
export type RejectionReason =
  | 'no_token'
  | 'several_credentials'
  | 'malformed_credentials'
  | 'oversized_token'
  | 'malformed_token'
  | 'wrong_issuer'
  | 'wrong_type'
  | 'refused_algorithm'
  | 'critical_header'
  | 'malformed_key_id'
  | 'unknown_key'
  | 'bad_signature'
  | 'wrong_audience'
  | 'bound_token'
  | 'malformed_claims'
  | 'expired'
  | 'too_old'
  | 'not_yet_valid'
  | 'issued_in_the_future'
  | 'insufficient_scope'
  | 'insufficient_claims'
  | 'login_too_old'
  | 'refused_by_policy'
  | 'revoked'
  | 'unbound_token'
  | 'proof_by_another_key'
  | ProofFault
  | 'proof_nonce_required'
  | 'keys_unavailable'
  | 'status_unavailable'
  | 'proofs_unavailable'
  | 'unsupported_transport';

/** What the observer learns of a refusal. It never holds the token. */
export interface Rejection {
  readonly reason: RejectionReason;
  /** The trusted issuer whose rules were applied, where the call named one or there is only one. */
  readonly issuer?: string;
  /** The key that the token names. Unverified text of at most 256 characters: encode it before you print it. */
  readonly kid?: string;
  /** The error underneath, where there was one. */
  readonly cause?: unknown;
}

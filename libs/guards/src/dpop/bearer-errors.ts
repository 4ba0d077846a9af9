import { BearerError, TemporarilyUnavailable } from '../nest/bearer-error.js';

/** Why a DPoP proof is refused (RFC 9449 §4.3). */
export type ProofFault =
  | 'no_proof'
  | 'malformed_proof'
  | 'bad_proof_signature'
  | 'proof_for_another_request'
  | 'proof_for_another_token'
  | 'proof_out_of_time'
  | 'replayed_proof';

declare module '../nest/bearer-error.js' {
  interface RejectionReasons {
    readonly dpop:
      ProofFault | 'proof_by_another_key' | 'proof_nonce_required' | 'proofs_unavailable';
  }
}

/** The proof is missing, or not valid for this request (RFC 9449 §7.1). */
export class InvalidProof extends BearerError {
  constructor(reason: ProofFault, cause?: unknown) {
    const error_description = 'Send one DPoP header with a fresh proof for this request';
    super(reason, 401, { challenge: { error: 'invalid_dpop_proof', error_description }, cause });
  }
}

/** The nonce of the proof is missing or old (RFC 9449 §9). The answer carries a new one for the next attempt. */
export class NonceRequired extends BearerError {
  constructor(readonly nonce: string) {
    const error_description = 'Send a proof with the nonce of this response';
    const challenge = { error: 'use_dpop_nonce', error_description };
    super('proof_nonce_required', 401, { challenge, headers: { 'DPoP-Nonce': nonce } });
  }
}

/** The store of used proofs does not answer now. */
export class ProofsUnavailable extends TemporarilyUnavailable {
  constructor(retryAfterSeconds: number, cause?: unknown) {
    super('proofs_unavailable', retryAfterSeconds, cause);
  }
}

import { BearerError, Unavailable } from '../refusals/bearer-error.js';

/** What is wrong with a proof. */
export type ProofFault =
  | 'no_proof'
  | 'malformed_proof'
  | 'bad_proof_signature'
  | 'proof_for_another_request'
  | 'proof_for_another_token'
  | 'proof_out_of_time'
  | 'replayed_proof';

/** The proof is not there, or not good for this request (RFC 9449 §7.1). */
export class InvalidProof extends BearerError {
  readonly challenge = {
    error: 'invalid_dpop_proof',
    error_description: 'Send one DPoP header with a fresh proof for this request',
  };

  constructor(reason: ProofFault, cause?: unknown) {
    super(reason, 401, { cause });
  }
}

/** The proof has no nonce of this server, or an old one (RFC 9449 §9). The client is given one, and tries again. */
export class NonceRequired extends BearerError {
  readonly challenge = {
    error: 'use_dpop_nonce',
    error_description: 'Send a proof with the nonce of this response',
  };

  constructor(readonly nonce: string) {
    super('proof_nonce_required', 401);
  }

  override get headers() {
    return { 'DPoP-Nonce': this.nonce };
  }
}

/** Whether the proof was used before cannot be known now. */
export class ProofsUnavailable extends Unavailable {
  constructor(retryAfterSeconds: number, cause?: unknown) {
    super('proofs_unavailable', retryAfterSeconds, cause);
  }
}

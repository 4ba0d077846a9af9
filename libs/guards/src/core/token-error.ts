/** Why a DPoP proof is refused (RFC 9449 §4.3). */
export type ProofFault =
  | 'no_proof'
  | 'malformed_proof'
  | 'bad_proof_signature'
  | 'proof_for_another_request'
  | 'proof_for_another_token'
  | 'proof_out_of_time'
  | 'replayed_proof';

/** The data that a check needs and that cannot be fetched at the moment. The token itself may be valid. */
export type UnavailableCode = 'keys_unavailable' | 'status_unavailable' | 'proofs_unavailable';

/** Why an access token, or its proof, is refused. Names are stable, because logs and metrics use them. */
export type TokenErrorCode =
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
  | 'revoked'
  | 'unbound_token'
  | 'proof_by_another_key'
  | ProofFault
  | 'proof_nonce_required'
  | UnavailableCode;

/** A refusal, without any knowledge of HTTP. `toBearerError` in `nest/` translates it to an answer of RFC 6750. */
export class TokenError extends Error {
  override readonly name: string = 'TokenError';

  constructor(
    readonly code: TokenErrorCode,
    cause?: unknown,
  ) {
    super(code, { cause });
  }
}

/** The check cannot be made now. The caller may try again. */
export class UnavailableError extends TokenError {
  override readonly name = 'UnavailableError';

  constructor(
    override readonly code: UnavailableCode,
    readonly retryAfterSeconds: number,
    cause?: unknown,
  ) {
    super(code, cause);
  }
}

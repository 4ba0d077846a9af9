import { HttpException } from '@nestjs/common';
import type { Scheme } from './credentials.js';

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

const STATUS_PHRASES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  503: 'Service Unavailable',
} as const;

type ChallengeParameters = Readonly<Record<string, string>>;

/** A refusal a resource server may give (RFC 6750 §3). What the client sees depends on the class alone. */
export abstract class BearerError extends HttpException {
  /** Parameters of the challenge; undefined where there is none to send. */
  abstract readonly challenge: ChallengeParameters | undefined;
  /** What the credentials were sent under: the challenge of that scheme says what is wrong with them. */
  scheme: Scheme = 'Bearer';

  protected constructor(
    readonly reason: RejectionReason,
    status: keyof typeof STATUS_PHRASES,
    options?: ErrorOptions,
  ) {
    super({ type: 'about:blank', title: STATUS_PHRASES[status], status }, status, options);
    this.message = `${STATUS_PHRASES[status]} (${reason})`;
  }

  /** Headers of HTTP that the answer has besides the challenge. */
  get headers(): Readonly<Record<string, string>> {
    return {};
  }
}

/** No credentials at all: RFC 6750 §3.1 wants no error code here. */
export class MissingToken extends BearerError {
  readonly challenge = {};

  constructor() {
    super('no_token', 401);
  }
}

/** The request itself is wrong (RFC 6750 §3.1). */
export class InvalidRequest extends BearerError {
  readonly challenge = {
    error: 'invalid_request',
    error_description: 'Send one Authorization header with one access token',
  };

  constructor(reason: 'several_credentials' | 'malformed_credentials') {
    super(reason, 400);
  }
}

/** Which rule the token breaks is for the observer; the client learns that it needs another one. */
export class InvalidToken extends BearerError {
  readonly challenge = {
    error: 'invalid_token',
    error_description: 'This access token is not valid here',
  };

  constructor(reason: RejectionReason, cause?: unknown) {
    super(reason, 401, { cause });
  }
}

/** The token is good and does not reach this far. Names the scopes that are missing (RFC 6750 §3.1). */
export class InsufficientScope extends BearerError {
  readonly challenge: ChallengeParameters;

  constructor(missing: readonly string[]) {
    super('insufficient_scope', 403);
    const error = 'insufficient_scope';
    this.challenge = missing.length > 0 ? { error, scope: missing.join(' ') } : { error };
  }
}

/** The token is good and its claims do not reach this far. RFC 6750 has no other word for it than that of scopes. */
export class InsufficientClaims extends BearerError {
  readonly challenge = { error: 'insufficient_scope' };

  constructor(reason: 'insufficient_claims' | 'refused_by_policy' = 'insufficient_claims') {
    super(reason, 403);
  }
}

/** The token is good, and its person has to prove once more who they are, and come back (RFC 9470 §3). */
export class InsufficientUserAuthentication extends BearerError {
  readonly challenge: ChallengeParameters;

  /** @param maxAgeSeconds what the client hands on as `max_age` (OpenID Connect Core §3.1.2.1) */
  constructor(maxAgeSeconds: number) {
    super('login_too_old', 401);
    this.challenge = {
      error: 'insufficient_user_authentication',
      error_description: 'A more recent login is required',
      max_age: String(maxAgeSeconds),
    };
  }
}

/** What has to be known of the token cannot be had now. It may be perfectly good, so this is never a 401. */
export abstract class TemporarilyUnavailable extends BearerError {
  readonly challenge = undefined;

  protected constructor(
    reason: 'keys_unavailable' | 'status_unavailable' | 'proofs_unavailable',
    /** Sent as `Retry-After`, in whole seconds (RFC 9110 §10.2.3). */
    readonly retryAfterSeconds: number,
    cause?: unknown,
  ) {
    super(reason, 503, { cause });
  }

  override get headers() {
    return { 'Retry-After': String(this.retryAfterSeconds) };
  }
}

/** The key set cannot be had now. */
export class KeysUnavailable extends TemporarilyUnavailable {
  constructor(retryAfterSeconds: number, cause?: unknown) {
    super('keys_unavailable', retryAfterSeconds, cause);
  }
}

/** The status list that the token refers to cannot be had now. */
export class StatusUnavailable extends TemporarilyUnavailable {
  constructor(retryAfterSeconds: number, cause?: unknown) {
    super('status_unavailable', retryAfterSeconds, cause);
  }
}

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
export class ProofsUnavailable extends TemporarilyUnavailable {
  constructor(retryAfterSeconds: number, cause?: unknown) {
    super('proofs_unavailable', retryAfterSeconds, cause);
  }
}

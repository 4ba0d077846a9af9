import { HttpException } from '@nestjs/common';
import {
  type ProofFault,
  TokenError,
  type TokenErrorCode,
  toRetryAfterSeconds,
  type UnavailableCode,
  UnavailableError,
} from '../core/token-error.js';
import { NonceError } from '../dpop/proof-verifier.js';

export type { ProofFault } from '../core/token-error.js';

/** Why a call is refused. Names are stable, for logs and metrics, and are never sent to the client. */
export type RejectionReason =
  | 'no_token'
  | 'several_credentials'
  | TokenErrorCode
  | 'insufficient_scope'
  | 'insufficient_claims'
  | 'login_too_old'
  | 'refused_by_policy'
  | 'unsupported_transport';

/** The scheme of the credentials: a token alone, or a token with a proof (RFC 9449 §7.1). */
export type Scheme = 'Bearer' | 'DPoP';

/** A refusal as `onRejected` receives it. It never contains the token. */
export interface Rejection {
  readonly reason: RejectionReason;
  /** The issuer whose rules were applied: the one that the token names, or the only one. */
  readonly issuer?: string;
  /** The `kid` of the token. Unverified text of at most 256 characters: encode it before you print it. */
  readonly kid?: string;
  /** The underlying error, if there is one. Its message names the values that differ. */
  readonly cause?: unknown;
  /** True when a refusal by the same outage was reported before. Alert on the others, because an outage refuses every call. */
  readonly isKnownOutage?: boolean;
  /** The HTTP request, to find its other log lines. */
  readonly request?: RejectedRequest;
}

/** A refused HTTP request, without its query and headers, which may contain secrets. */
export interface RejectedRequest {
  readonly method: string;
  readonly path: string;
  /** The `id` that Fastify or the application's middleware has given to the request. */
  readonly id?: string;
}

const STATUS_PHRASES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  503: 'Service Unavailable',
} as const;

type ChallengeParameters = Readonly<Record<string, string>>;

/** A refusal that a resource server may send (RFC 6750 §3). The answer depends on the class, not on the reason. */
export abstract class BearerError extends HttpException {
  /** Parameters of the challenge; undefined if none is sent. */
  abstract readonly challenge: ChallengeParameters | undefined;
  /** The scheme of the request. The challenge of that scheme carries the error. */
  scheme: Scheme = 'Bearer';
  /** The scopes that the handler needs, for the challenge. Undefined before the guard or the filter has found its rule. */
  scopes: readonly string[] | undefined;

  protected constructor(
    readonly reason: RejectionReason,
    status: keyof typeof STATUS_PHRASES,
    options?: ErrorOptions,
  ) {
    super({ type: 'about:blank', title: STATUS_PHRASES[status], status }, status, options);
    this.message = `${STATUS_PHRASES[status]} (${reason})`;
  }

  /** HTTP headers of the answer besides the challenge. */
  get headers(): Readonly<Record<string, string>> {
    return {};
  }
}

/** The request has no credentials. RFC 6750 §3.1 allows no error code here. */
export class MissingToken extends BearerError {
  readonly challenge = {};

  constructor() {
    super('no_token', 401);
  }
}

/** The request is malformed (RFC 6750 §3.1). */
export class InvalidRequest extends BearerError {
  /** How to send a token over the transport of the call. */
  advice = 'Send one Authorization header with one access token';

  constructor(reason: 'several_credentials' | 'malformed_credentials') {
    super(reason, 400);
  }

  get challenge() {
    return { error: 'invalid_request', error_description: this.advice };
  }
}

/** The token is refused. The reason goes to `onRejected`; the client only learns that it needs another token. */
export class InvalidToken extends BearerError {
  readonly challenge = {
    error: 'invalid_token',
    error_description: 'This access token is not valid here',
  };

  constructor(reason: RejectionReason, cause?: unknown) {
    super(reason, 401, { cause });
  }
}

function describeMissingScopes(missing: readonly string[]): ErrorOptions | undefined {
  return missing.length > 0
    ? { cause: new Error(`scopes missing: ${missing.join(' ')}`) }
    : undefined;
}

/** The token is valid, but lacks scopes. The challenge names them, and the other scopes of the handler (RFC 6750 §3.1). */
export class InsufficientScope extends BearerError {
  readonly challenge: ChallengeParameters;

  constructor(readonly missing: readonly string[]) {
    super('insufficient_scope', 403, describeMissingScopes(missing));
    const error = 'insufficient_scope';
    this.challenge = missing.length > 0 ? { error, scope: missing.join(' ') } : { error };
  }
}

/** The token is valid, but its claims do not suffice. RFC 6750 has no error code for claims, so the one for scopes is sent. */
export class InsufficientClaims extends BearerError {
  readonly challenge = { error: 'insufficient_scope' };

  constructor(reason: 'insufficient_claims' | 'refused_by_policy' = 'insufficient_claims') {
    super(reason, 403);
  }
}

const MAX_AGE_SECONDS = 86_400;

/** A whole number of bounded size. 0 asks for a new login, which meets every other demand. */
function toWholeSeconds(seconds: number): number {
  return Number.isFinite(seconds) ? Math.floor(Math.min(MAX_AGE_SECONDS, Math.max(0, seconds))) : 0;
}

/** The token is valid, but the user must authenticate again (RFC 9470 §3). */
export class InsufficientUserAuthentication extends BearerError {
  readonly challenge: ChallengeParameters;

  /** @param maxAgeSeconds the `max_age` that the client must request (OpenID Connect Core §3.1.2.1) */
  constructor(maxAgeSeconds: number) {
    super('login_too_old', 401);
    this.challenge = {
      error: 'insufficient_user_authentication',
      error_description: 'A more recent login is required',
      max_age: String(toWholeSeconds(maxAgeSeconds)),
    };
  }
}

/** The token cannot be checked now. It may be valid, so the answer is never 401. */
export class TemporarilyUnavailable extends BearerError {
  readonly challenge = undefined;
  /** Sent as `Retry-After`, in whole seconds (RFC 9110 §10.2.3). */
  readonly retryAfterSeconds: number;

  constructor(
    reason: UnavailableCode,
    retryAfterSeconds: number,
    cause?: unknown,
    /** The same for all refusals of one outage, and different for the next one. */
    readonly outage?: object,
  ) {
    super(reason, 503, { cause });
    this.retryAfterSeconds = toRetryAfterSeconds(retryAfterSeconds);
  }

  override get headers() {
    return { 'Retry-After': String(this.retryAfterSeconds) };
  }
}

/** The key set cannot be fetched now. */
export class KeysUnavailable extends TemporarilyUnavailable {
  constructor(retryAfterSeconds: number, cause?: unknown, outage?: object) {
    super('keys_unavailable', retryAfterSeconds, cause, outage);
  }
}

/** The status list of the token cannot be fetched now. */
export class StatusUnavailable extends TemporarilyUnavailable {
  constructor(retryAfterSeconds: number, cause?: unknown, outage?: object) {
    super('status_unavailable', retryAfterSeconds, cause, outage);
  }
}

/** The proof is missing, or not valid for this request (RFC 9449 §7.1). */
export class InvalidProof extends BearerError {
  readonly challenge = {
    error: 'invalid_dpop_proof',
    error_description: 'Send one DPoP header with a fresh proof for this request',
  };

  constructor(reason: ProofFault, cause?: unknown) {
    super(reason, 401, { cause });
  }
}

/** The nonce of the proof is missing or old (RFC 9449 §9). The answer carries a new one for the next attempt. */
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

/** The store of used proofs does not answer now. */
export class ProofsUnavailable extends TemporarilyUnavailable {
  constructor(retryAfterSeconds: number, cause?: unknown) {
    super('proofs_unavailable', retryAfterSeconds, cause);
  }
}

/** Translates a refusal of the core to the answer of RFC 6750. Returns every other error unchanged. */
export function toBearerError(error: unknown): unknown {
  if (error instanceof NonceError) return new NonceRequired(error.nonce);
  if (error instanceof UnavailableError) return toUnavailable(error);
  if (!(error instanceof TokenError)) return error;
  const { code, cause } = error;
  if (code === 'malformed_credentials') return new InvalidRequest(code);
  const fault = PROOF_FAULTS.find((candidate) => candidate === code);
  return fault ? new InvalidProof(fault, cause) : new InvalidToken(code, cause);
}

export function throwBearerError(error: unknown): never {
  throw toBearerError(error);
}

/** An application's store of used proofs may throw {@link ProofsUnavailable} itself. */
function toUnavailable({ code, retryAfterSeconds, state }: UnavailableError): BearerError {
  const { cause, outage } = state;
  if (cause instanceof TemporarilyUnavailable) return cause;
  if (code === 'introspection_unavailable')
    return new TemporarilyUnavailable(code, retryAfterSeconds, cause, outage);
  return new UNAVAILABLE[code](retryAfterSeconds, cause, outage);
}

const UNAVAILABLE = {
  keys_unavailable: KeysUnavailable,
  status_unavailable: StatusUnavailable,
  proofs_unavailable: ProofsUnavailable,
} as const satisfies Partial<Record<UnavailableCode, unknown>>;

const PROOF_FAULTS: readonly ProofFault[] = [
  'no_proof',
  'malformed_proof',
  'bad_proof_signature',
  'proof_for_another_request',
  'proof_for_another_token',
  'proof_out_of_time',
  'replayed_proof',
];

import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import {
  TokenError,
  type TokenErrorCode,
  toRetryAfterSeconds,
  UnavailableError,
} from '../core/token-error.js';

/** Reasons about the credentials of a request. Optional parts of the library add theirs. */
export interface RejectionReasons {
  readonly no_token: 'no_token';
  readonly several_credentials: 'several_credentials';
}

/** Why a call is refused. Names are stable, for logs and metrics, and are never sent to the client. */
export type RejectionReason =
  | TokenErrorCode
  | 'insufficient_scope'
  | 'insufficient_claims'
  | 'login_too_old'
  | 'refused_by_policy'
  | 'unsupported_transport'
  | RejectionReasons[keyof RejectionReasons];

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

export type ChallengeParameters = Readonly<Record<string, string>>;

/** A refusal that a resource server may send (RFC 6750 §3). The answer depends on the class, not on the reason. */
export abstract class BearerError extends HttpException {
  /** The scheme of the request. The challenge of that scheme carries the error. */
  scheme: Scheme = 'Bearer';
  /** The scopes that the handler needs, for the challenge. Undefined before the guard or the filter has found its rule. */
  scopes: readonly string[] | undefined;
  /** Parameters of the challenge; undefined if none is sent. */
  challenge: ChallengeParameters | undefined;
  /** HTTP headers of the answer besides the challenge. */
  readonly headers: Readonly<Record<string, string>>;

  protected constructor(
    readonly reason: RejectionReason,
    status: 400 | 401 | 403 | 503,
    {
      challenge,
      headers = {},
      cause,
    }: Partial<Pick<BearerError, 'challenge' | 'headers' | 'cause'>>,
  ) {
    const title = STATUS_CODES[status] ?? '';
    // Clients that know Nest's own errors show `message` (RFC 9457 §3.2 allows it).
    super({ type: 'about:blank', title, status, message: title }, status, { cause });
    this.message = `${title} (${reason})`;
    this.challenge = challenge;
    this.headers = headers;
  }
}

/** The request has no credentials. RFC 6750 §3.1 allows no error code here. */
export class MissingToken extends BearerError {
  constructor(cause?: unknown) {
    super('no_token', 401, { challenge: {}, cause });
  }
}

/** The request is malformed (RFC 6750 §3.1). */
export class InvalidRequest extends BearerError {
  constructor(reason: 'several_credentials' | 'malformed_credentials') {
    const error_description = 'Send one Authorization header with one access token';
    super(reason, 400, { challenge: { error: 'invalid_request', error_description } });
  }
}

/** The token is refused. The reason goes to `onRejected`; the client only learns that it needs another token. */
export class InvalidToken extends BearerError {
  constructor(reason: RejectionReason, cause?: unknown) {
    const error_description = 'This access token is not valid here';
    super(reason, 401, { challenge: { error: 'invalid_token', error_description }, cause });
  }
}

/** The token is valid, but lacks scopes. The challenge names them, and the other scopes of the handler (RFC 6750 §3.1). */
export class InsufficientScope extends BearerError {
  constructor(readonly missing: readonly string[]) {
    const scope = missing.join(' ');
    const challenge = { error: 'insufficient_scope', ...(scope && { scope }) };
    const cause = scope ? new Error(`scopes missing: ${scope}`) : undefined;
    super('insufficient_scope', 403, { challenge, cause });
  }
}

/** The token is valid, but its claims do not suffice. RFC 6750 has no error code for claims, so the one for scopes is sent. */
export class InsufficientClaims extends BearerError {
  constructor(
    reason: 'insufficient_claims' | 'refused_by_policy' = 'insufficient_claims',
    cause?: unknown,
  ) {
    super(reason, 403, { challenge: { error: 'insufficient_scope' }, cause });
  }
}

const MAX_AGE_SECONDS = 86_400;

/** The token is valid, but the user must authenticate again (RFC 9470 §3). */
export class InsufficientUserAuthentication extends BearerError {
  /** @param maxAgeSeconds the `max_age` that the client must request (OpenID Connect Core §3.1.2.1) */
  constructor(maxAgeSeconds: number) {
    // 0 asks for a new login, which meets every other demand.
    const seconds = Number.isFinite(maxAgeSeconds) ? maxAgeSeconds : 0;
    const challenge = {
      error: 'insufficient_user_authentication',
      error_description: 'A more recent login is required',
      max_age: String(Math.floor(Math.min(MAX_AGE_SECONDS, Math.max(0, seconds)))),
    };
    super('login_too_old', 401, { challenge });
  }
}

/** The token cannot be checked now. It may be valid, so the answer is never 401. */
export class TemporarilyUnavailable extends BearerError {
  /** Sent as `Retry-After`, in whole seconds (RFC 9110 §10.2.3). */
  readonly retryAfterSeconds: number;

  constructor(
    reason: RejectionReason,
    retryAfterSeconds: number,
    cause?: unknown,
    /** The same for all refusals of one outage, and different for the next one. */
    readonly outage?: object,
  ) {
    const seconds = toRetryAfterSeconds(retryAfterSeconds);
    super(reason, 503, { headers: { 'Retry-After': String(seconds) }, cause });
    this.retryAfterSeconds = seconds;
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

/** Throws the answer of RFC 6750 to a refusal of the core, and every other error unchanged. */
export function throwBearerError(error: unknown): never {
  if (error instanceof UnavailableError) throw toUnavailable(error);
  if (!(error instanceof TokenError)) throw error;
  const { code, cause } = error;
  throw code === 'malformed_credentials' ? new InvalidRequest(code) : new InvalidToken(code, cause);
}

function toUnavailable({ code, retryAfterSeconds, state }: UnavailableError): BearerError {
  const details = [retryAfterSeconds, state.cause, state.outage] as const;
  if (code === 'keys_unavailable') return new KeysUnavailable(...details);
  if (code === 'status_unavailable') return new StatusUnavailable(...details);
  return new TemporarilyUnavailable(code, ...details);
}

/** The data that a check needs and that cannot be fetched at the moment. The token itself may be valid. */
export type UnavailableCode =
  'keys_unavailable' | 'status_unavailable' | 'introspection_unavailable';

/** Why an access token is refused. Names are stable, because logs and metrics use them. */
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
  | 'inactive'
  | 'unbound_token'
  | UnavailableCode;

/** A refusal, without any knowledge of HTTP. `throwBearerError` in `nest/` translates it to an answer of RFC 6750. */
export class TokenError extends Error {
  override readonly name: string = 'TokenError';

  constructor(
    readonly code: TokenErrorCode,
    cause?: unknown,
  ) {
    super(code, { cause });
  }

  /** @param reason a sentence with the values that differ, for the log */
  static because(code: TokenErrorCode, reason: string): TokenError {
    return new TokenError(code, new Error(reason));
  }
}

const MAX_QUOTED = 100;

/** Text of an untrusted value for a message: printable ASCII of bounded length. */
export function quoteValue(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return `[${value.slice(0, 5).map(quoteScalar).join(', ')}]`;
  return quoteScalar(value);
}

function quoteScalar(value: unknown): string {
  if (typeof value === 'object' || typeof value === 'function') return `of type ${typeof value}`;
  const text = JSON.stringify(value) ?? 'missing';
  const printable = text.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > MAX_QUOTED ? `${printable.slice(0, MAX_QUOTED)}…` : printable;
}

/** A value for `Retry-After`: whole seconds from 1 to 3600 (RFC 9110 §10.2.3). An unknown time becomes one second. */
export function toRetryAfterSeconds(seconds: number): number {
  return Number.isFinite(seconds) ? Math.min(3600, Math.max(1, Math.ceil(seconds))) : 1;
}

/** What an {@link UnavailableError} knows about the fetch of the missing data. */
export interface FetchState {
  readonly cause?: unknown;
  /** Resolves when the fetch under way has ended. Set only if a caller should wait for it before it refuses. */
  readonly refreshing?: Promise<void> | undefined;
  /** The same for all errors of one outage, and different for the next one. */
  readonly outage?: object | undefined;
}

/** The check cannot be made now. The caller may try again. */
export class UnavailableError extends TokenError {
  override readonly name = 'UnavailableError';
  /** In whole seconds. */
  readonly retryAfterSeconds: number;

  constructor(
    override readonly code: UnavailableCode,
    retryAfterSeconds: number,
    readonly state: FetchState = {},
  ) {
    super(code, state.cause);
    this.retryAfterSeconds = toRetryAfterSeconds(retryAfterSeconds);
  }
}

/** The messages of an error and of its causes, at most five deep. `fetch failed` alone does not say why. */
export function describeError(error: unknown, maxCauses = 5): string {
  if (!isErrorLike(error)) return String(error);
  const { message, name, code, cause, errors = [] } = error;
  // An AggregateError of Node, for a host with several addresses, has no message.
  const [own, causes] = message === '' ? [code ?? name, errors] : [message, [cause]];
  const texts = maxCauses === 0 ? [] : causes.filter((one) => one !== undefined);
  const inner = texts.map((one) => describeError(one, maxCauses - 1));
  return [own, inner.filter((text) => !own.includes(text)).join('; ')].filter(Boolean).join(': ');
}

/** Errors of another realm, such as those of `fetch` in a test runner, are no instances of this realm's Error. */
const isErrorLike = (value: unknown): value is ErrorLike =>
  typeof value === 'object' && value !== null && 'message' in value && 'name' in value;

type ErrorLike = Error & { readonly code?: string; readonly errors?: readonly unknown[] };

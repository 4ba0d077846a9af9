import { STATUS_CODES } from 'node:http';
import type { BearerError } from '../nest/bearer-error.js';
import { SCHEME } from '../nest/credentials.js';

/**
 * A refusal for callers that receive messages instead of HTTP responses, in the format of Nest's own errors. It depends
 * on the class of the refusal, not on its reason.
 */
export interface ErrorMessage {
  readonly status: 'error';
  /** The phrase of the HTTP status. */
  readonly message: string;
  /** The error code of RFC 6750 §3.1, or `temporarily_unavailable`. Absent if the call had no credentials. */
  readonly code?: string;
  /** The value of `WWW-Authenticate` in an HTTP answer (RFC 6750 §3). */
  readonly challenge?: string;
}

export function buildErrorMessage(
  refusal: BearerError,
  challenge: string | undefined,
): ErrorMessage {
  const { error: code } = refusal.challenge ?? { error: 'temporarily_unavailable' };
  return {
    status: 'error',
    message: STATUS_CODES[refusal.getStatus()] ?? 'Unauthorized',
    ...(code !== undefined && { code }),
    ...(challenge !== undefined && { challenge }),
  };
}

/** A property of an untrusted value of any type. */
export function getProperty(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

export function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}

/** Members that client libraries and their documentation use for a token without a scheme. */
const TOKEN_MEMBERS = ['accesstoken', 'authtoken', 'token'];

/** Tokens in the object that a client sends when it connects, because browsers cannot set headers of a WebSocket. */
export function findTokenMembers(members: object): unknown[] {
  return Object.entries(members).flatMap(([name, value]: [string, unknown]) => {
    const member = normalizeMember(name);
    if (member === 'authorization') return [value];
    if (!TOKEN_MEMBERS.includes(member)) return [];
    return typeof value === 'string' && !SCHEME.test(value) ? `Bearer ${value}` : [value];
  });
}

/** Without case and separators. */
export function normalizeMember(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

/**
 * Makes an `Authorization` header of values that may lack the scheme. The same token in two places counts once.
 *
 * @returns undefined without a value, and a list for different ones
 */
export function toAuthorization(values: readonly unknown[]): string | string[] | undefined {
  const [first, ...others] = new Set(values.map(addScheme));
  return first !== undefined && others.length > 0 ? [first, ...others] : first;
}

/** A value of another type than text becomes credentials without a token, which are malformed. */
function addScheme(value: unknown): string {
  if (typeof value !== 'string') return 'Bearer ';
  const found = SCHEME.exec(value);
  if (found) return `${found[1] ? 'DPoP' : 'Bearer'} ${value.slice(found[0].length)}`;
  return value.includes(' ') ? value : `Bearer ${value}`;
}

/** Maximum delay of a Node timer, in milliseconds: about 25 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Closes a connection when its token ends. The timer does not keep the process alive.
 *
 * @param remainingMs returns how long the token is valid; called again after every wait
 * @returns a function that cancels the timer
 */
export function closeOnExpiry(remainingMs: () => number, close: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    const remaining = remainingMs();
    if (remaining <= 0) return close();
    timer = setTimeout(wait, Math.min(remaining, MAX_TIMER_MS)).unref();
  };
  wait();
  return () => clearTimeout(timer);
}

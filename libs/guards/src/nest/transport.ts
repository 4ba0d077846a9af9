import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { BearerError } from './bearer-error.js';
import type { CredentialCarrier } from './credentials.js';

/** A way in which calls reach handlers. HTTP is built in; each of the others is an entry point of its own. */
export interface Transport {
  /** What `ExecutionContext.getType()` says of its calls. */
  readonly contextType: string;
  /** Where the credentials of a call are: something with the `Authorization` header, or what stands for it. */
  carrier(context: ExecutionContext): CredentialCarrier;
  /** What many handlers answer together, if they do: its token is verified once, and each reason reported once. */
  operation?(context: ExecutionContext): object;
  /**
   * Told of calls that are let in with a token, by a transport whose connections may outlive it.
   *
   * @param remainingMs for how long the token is good from now on, in milliseconds
   */
  admitted?(context: ExecutionContext, remainingMs: () => number): void;
  /**
   * Tells the caller in the transport's own words. What it returns goes to Nest as the answer of the exception filter.
   *
   * @param challenge value of `WWW-Authenticate` (RFC 6750 §3), where there is one
   */
  refuse(refusal: BearerError, host: ArgumentsHost, challenge: string | undefined): unknown;
}

/** A property of something that came from elsewhere, and that may be anything. */
export function getProperty(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

export function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}

/** The longest that a timer of Node can wait, in milliseconds: about 25 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Closes a connection when the token that it was opened with ends. The process does not stay alive for it.
 *
 * @param remainingMs for how long the token is good, asked again at the end of every wait
 * @returns a function that forgets it
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

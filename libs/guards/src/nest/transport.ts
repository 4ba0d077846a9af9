import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { BearerError } from './bearer-error.js';
import type { CredentialCarrier } from './credentials.js';
import type { AuditedApplication, Handler } from './handlers.js';

/** How calls reach handlers. HTTP is built in; every other transport is a separate entry point. */
export interface Transport {
  /** `ExecutionContext.getType()` of its calls. */
  readonly contextType: string;
  /** The object with the credentials of a call: the `Authorization` header, or its equivalent. */
  carrier(context: ExecutionContext): CredentialCarrier;
  /** An object shared by the handlers of one operation: its token is verified once, and each reason is reported once. */
  operation?(context: ExecutionContext): object;
  /**
   * Called for admitted calls with a token. A transport whose connections may outlive the token uses it.
   *
   * @param remainingMs returns how long the token is valid from now on, in milliseconds
   */
  admitted?(context: ExecutionContext, remainingMs: () => number): void;
  /**
   * The access of a handler without access decorators: any valid token, or the rule of the handler that is called before it.
   * Undefined if it needs decorators.
   *
   * @throws Error that says what to do, as does `checkHandler`
   */
  defaultAccess?(
    handler: Handler,
    application: AuditedApplication,
  ): 'token' | 'inherited' | undefined;
  /** Called at the start for each handler that needs a token. @throws Error if Nest would not call the guard for it */
  checkHandler?(handler: Handler, application: AuditedApplication): void;
  /**
   * Sends a refusal in the format of the transport. Nest receives the return value as the result of the exception filter.
   *
   * @param challenge value of `WWW-Authenticate` (RFC 6750 §3), if the refusal has one
   */
  refuse(refusal: BearerError, host: ArgumentsHost, challenge: string | undefined): unknown;
}

/** A property of an untrusted value of any type. */
export function getProperty(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

export function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
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

import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { CredentialCarrier } from './http/credentials.js';
import type { BearerError } from './refusals/bearer-error.js';

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

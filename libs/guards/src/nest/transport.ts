import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';
import type { BearerError } from './bearer-error.js';
import type { CredentialCarrier } from './credentials.js';
import type { AuditedApplication, Handler } from './handlers.js';

/** How calls reach handlers. HTTP is built in; every other transport is a separate entry point. */
export interface Transport {
  /** `ExecutionContext.getType()` of its calls. */
  readonly contextType: string;
  /** The object with the credentials of a call: the `Authorization` header, or its equivalent. */
  carrier(context: ExecutionContext): CredentialCarrier;
  /** The operation of a call, if several handlers answer it. */
  operation?(context: ExecutionContext): Operation;
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
  /** Sends a refusal in the format of the transport, with the challenge (RFC 6750 §3) if it has one. Returns the result of the exception filter. */
  refuse(refusal: BearerError, host: ArgumentsHost, challenge: string | undefined): unknown;
}

/** What several handlers of one request share, such as the fields of a GraphQL query. */
export interface Operation {
  /** Verifies the token once, and repeats the result or the error. */
  verifyOnce(verify: () => AccessToken | Promise<AccessToken>): AccessToken | Promise<AccessToken>;
  /** Adds the scopes that earlier refusals need. Returns true for the first refusal with this reason. */
  addRefusal(refusal: BearerError): boolean;
}

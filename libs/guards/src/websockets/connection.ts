import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';
import type { BearerError } from '../nest/bearer-error.js';
import { buildErrorMessage, type ErrorMessage } from '../transports/messages.js';

/** A client of either library. */
export interface Connection {
  readonly client: object;
  /** Sends the event `exception`, as Nest's own filter does. */
  sendError(message: ErrorMessage): void;
  /** Closes the connection because its token is not valid. */
  close(): void;
  onceClosed(listener: () => void): void;
}

const connectionTokens = new WeakMap<object, AccessToken>();

/** @returns false if the client is known already, because several gateways may share a server */
export function rememberToken(client: object, token: AccessToken): boolean {
  if (connectionTokens.has(client)) return false;
  connectionTokens.set(client, token);
  return true;
}

/**
 * The token of a client's handshake, for `handleConnection` and for code that sends to selected clients. Undefined if
 * the client connected without a token.
 */
export function tokenOf(client: object): AccessToken | undefined {
  return connectionTokens.get(client);
}

/** A refused handshake. Socket.IO sends `message` and `data`; for ws it becomes an HTTP response. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';

  private constructor(
    /** HTTP status. */
    readonly status: number,
    readonly data: ErrorMessage,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(data.message);
  }

  static fromBearerError(refusal: BearerError, challenge: string | undefined): HandshakeError {
    return new HandshakeError(refusal.getStatus(), buildErrorMessage(refusal, challenge), {
      ...(challenge !== undefined && { 'WWW-Authenticate': challenge }),
      ...refusal.headers,
    });
  }

  /** For errors of a policy, and for programming errors. */
  static from(error: unknown): HandshakeError {
    if (error instanceof HandshakeError) return error;
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const message = STATUS_CODES[status] ?? 'Forbidden';
    return new HandshakeError(status, { status: 'error', message });
  }
}

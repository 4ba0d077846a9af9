import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';
import type { BearerError } from '../nest/bearer-error.js';
import { buildErrorMessage, type ErrorMessage } from '../nest/challenge.js';

/** A client of either library. */
export interface Connection {
  readonly client: object;
  /** As Nest's own filter does: an `exception`. */
  sendError(message: ErrorMessage): void;
  /** Because the token is not valid, or not any more. */
  close(): void;
  onceClosed(listener: () => void): void;
}

const connectionTokens = new WeakMap<object, AccessToken>();

/** @returns false when it is known, as where several gateways share a server */
export function rememberToken(client: object, token: AccessToken): boolean {
  if (connectionTokens.has(client)) return false;
  connectionTokens.set(client, token);
  return true;
}

/**
 * The token that a client connected with, for `handleConnection` and whoever sends to some clients only. None when it
 * connected without one.
 */
export function tokenOf(client: object): AccessToken | undefined {
  return connectionTokens.get(client);
}

/** Why a client may not connect. Socket.IO sends it `message` and `data`, and ws makes an HTTP response of it. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeRefusal';

  private constructor(
    /** Of HTTP. */
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

  /** For what a policy may throw, and for a mistake in the program. */
  static from(error: unknown): HandshakeError {
    if (error instanceof HandshakeError) return error;
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const message = STATUS_CODES[status] ?? 'Forbidden';
    return new HandshakeError(status, { status: 'error', message });
  }
}

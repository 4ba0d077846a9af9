import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import type { BearerError } from '../refusals/bearer-error.js';
import { type RefusalMessage, refusalMessage } from '../refusals/refusal-message.js';

/** Why a client may not connect. Socket.IO sends it `message` and `data`, and ws makes an HTTP response of it. */
export class HandshakeRefusal extends Error {
  override readonly name = 'HandshakeRefusal';

  private constructor(
    /** Of HTTP. */
    readonly status: number,
    readonly data: RefusalMessage,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(data.message);
  }

  static because(refusal: BearerError, challenge: string | undefined): HandshakeRefusal {
    return new HandshakeRefusal(refusal.getStatus(), refusalMessage(refusal, challenge), {
      ...(challenge !== undefined && { 'WWW-Authenticate': challenge }),
      ...refusal.headers,
    });
  }

  /** For what a policy may throw, and for a mistake in the program. */
  static of(error: unknown): HandshakeRefusal {
    if (error instanceof HandshakeRefusal) return error;
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const message = STATUS_CODES[status] ?? 'Forbidden';
    return new HandshakeRefusal(status, { status: 'error', message });
  }
}

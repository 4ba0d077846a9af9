import { type ArgumentsHost, type ExecutionContext, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type BearerError, Unavailable } from '../refusals/bearer-error.js';
import type { Transport } from '../transport.js';
import type { CredentialCarrier } from './bearer-token.js';

/** On Express and on Fastify. */
@Injectable()
export class HttpTransport implements Transport {
  readonly contextType = 'http';

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  carrier(context: ExecutionContext): CredentialCarrier {
    return context.getArgByIndex(0);
  }

  /** The challenge (RFC 6750 §3) and a body that explains nothing more (RFC 9457). */
  refuse(refusal: BearerError, host: ArgumentsHost, challenge: string | undefined): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json');
    if (refusal instanceof Unavailable) {
      httpAdapter.setHeader(response, 'Retry-After', String(refusal.retryAfterSeconds));
    }
    if (challenge) httpAdapter.setHeader(response, 'WWW-Authenticate', challenge);
    httpAdapter.reply(response, JSON.stringify(refusal.getResponse()), refusal.getStatus());
  }
}

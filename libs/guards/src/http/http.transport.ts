import { type ArgumentsHost, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Nonces } from '../dpop/nonces.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from '../guards.options.js';
import type { BearerError } from '../refusals/bearer-error.js';
import type { Transport } from '../transport.js';
import { type CredentialCarrier, schemeOf } from './credentials.js';

/** On Express and on Fastify. */
@Injectable()
export class HttpTransport implements Transport {
  readonly contextType = 'http';

  private readonly nonces: Nonces | undefined;

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    @Inject(GUARDS_OPTIONS) { dpop, now }: ResolvedGuardsOptions,
  ) {
    this.nonces = dpop?.requiresNonce ? new Nonces(dpop, now) : undefined;
  }

  carrier(context: ExecutionContext): CredentialCarrier {
    return context.getArgByIndex(0);
  }

  /** The next nonce comes with the answer, so that no client has to be refused first (RFC 9449 §8.2). */
  admitted(context: ExecutionContext): void {
    if (!this.nonces || schemeOf(this.carrier(context)) !== 'DPoP') return;
    const response: unknown = context.switchToHttp().getResponse();
    this.adapterHost.httpAdapter.setHeader(response, 'DPoP-Nonce', this.nonces.current());
  }

  /** The challenge (RFC 6750 §3) and a body that explains nothing more (RFC 9457). */
  refuse(refusal: BearerError, host: ArgumentsHost, challenge: string | undefined): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json');
    for (const [name, value] of Object.entries(refusal.headers)) {
      httpAdapter.setHeader(response, name, value);
    }
    if (challenge) httpAdapter.setHeader(response, 'WWW-Authenticate', challenge);
    httpAdapter.reply(response, JSON.stringify(refusal.getResponse()), refusal.getStatus());
  }
}

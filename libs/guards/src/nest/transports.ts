import { type ArgumentsHost, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DpopNonces } from '../dpop/nonces.js';
import type { BearerError } from './bearer-error.js';
import { type CredentialCarrier, readScheme } from './credentials.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import type { Transport } from './transport.js';

/** HTTP requests of Express and Fastify. */
@Injectable()
export class HttpTransport implements Transport {
  readonly contextType = 'http';

  private readonly nonces: DpopNonces | undefined;

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    @Inject(RESOLVED_OPTIONS) { dpop, now }: ResolvedGuardsOptions,
  ) {
    this.nonces = dpop?.requiresNonce ? new DpopNonces(dpop, now) : undefined;
  }

  carrier(context: ExecutionContext): CredentialCarrier {
    return context.getArgByIndex(0);
  }

  /** Sends the next nonce with the answer, so that the client is not refused first (RFC 9449 §8.2). */
  admitted(context: ExecutionContext): void {
    if (!this.nonces || readScheme(this.carrier(context)) !== 'DPoP') return;
    const response: unknown = context.switchToHttp().getResponse();
    this.adapterHost.httpAdapter.setHeader(response, 'DPoP-Nonce', this.nonces.current());
  }

  /** Sends the challenge (RFC 6750 §3), and a body that adds no detail (RFC 9457). */
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

/** HTTP and the transports of the options. The guard refuses calls of every other transport. */
@Injectable()
export class TransportRegistry {
  private readonly byContextType: ReadonlyMap<string, Transport>;

  constructor(http: HttpTransport, @Inject(RESOLVED_OPTIONS) options: ResolvedGuardsOptions) {
    const all: Transport[] = [http, ...options.transports];
    this.byContextType = new Map(all.map((transport) => [transport.contextType, transport]));
  }

  find(host: ArgumentsHost): Transport | undefined {
    return this.byContextType.get(host.getType());
  }

  has(contextType: string): boolean {
    return this.byContextType.has(contextType);
  }
}

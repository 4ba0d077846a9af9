import { type ArgumentsHost, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { BearerError } from './bearer-error.js';
import { type CredentialCarrier, readScheme } from './credentials.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import type { Transport } from './transport.js';

const EXPOSED_HEADERS = 'Access-Control-Expose-Headers';

/** HTTP requests of Express and Fastify. */
@Injectable()
export class HttpTransport implements Transport {
  readonly contextType = 'http';

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {}

  carrier(context: ExecutionContext): CredentialCarrier {
    return context.getArgByIndex(0);
  }

  admitted(context: ExecutionContext): void {
    const { proofOfPossession } = this.options;
    if (!proofOfPossession || readScheme(this.carrier(context)) !== 'DPoP') return;
    this.setHeaders(context.switchToHttp().getResponse(), proofOfPossession.answerHeaders());
  }

  /** Sends the challenge (RFC 6750 §3), and a body that adds no detail (RFC 9457). */
  refuse(refusal: BearerError, host: ArgumentsHost, challenge: string | undefined): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json');
    this.setRefusalHeaders(response, refusal, challenge);
    httpAdapter.reply(response, JSON.stringify(refusal.getResponse()), refusal.getStatus());
  }

  /** Also for answers that the application's own code sends: a 401 needs a challenge (RFC 9110 §15.5.2). */
  setRefusalHeaders(
    response: unknown,
    { headers }: BearerError,
    challenge: string | undefined,
  ): void {
    this.setHeaders(response, { ...headers, ...(challenge && { 'WWW-Authenticate': challenge }) });
  }

  /** Scripts of another origin read these headers only if the answer exposes them (Fetch §3.2.1). */
  private setHeaders(response: unknown, headers: Readonly<Record<string, string>>): void {
    const { httpAdapter: adapter } = this.adapterHost;
    for (const [name, value] of Object.entries(headers)) adapter.setHeader(response, name, value);
    if (!adapter.getHeader(response, 'Access-Control-Allow-Origin')) return;
    const exposed: unknown = adapter.getHeader(response, EXPOSED_HEADERS) ?? [];
    const names = [exposed, Object.keys(headers)]
      .flat()
      .flatMap((name) => String(name).split(/, */));
    if (names.length > 0)
      adapter.setHeader(response, EXPOSED_HEADERS, [...new Set(names)].join(', '));
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
}

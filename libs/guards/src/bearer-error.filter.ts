import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { BearerError, KeysUnavailable } from './bearer-error.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';

/** Writes the challenge (RFC 6750 §3, RFC 9728 §5.1) and a body that explains nothing more (RFC 9457). */
@Catch(BearerError)
export class BearerErrorFilter implements ExceptionFilter<BearerError> {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {}

  catch(error: BearerError, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    for (const [name, value] of this.headers(error)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, JSON.stringify(error.getResponse()), error.getStatus());
  }

  private *headers(error: BearerError): Generator<[name: string, value: string]> {
    yield ['Content-Type', 'application/problem+json'];
    if (error instanceof KeysUnavailable) yield ['Retry-After', String(error.retryAfterSeconds)];
    if (error.challenge) yield ['WWW-Authenticate', this.challenge(error.challenge)];
  }

  private challenge(parameters: Readonly<Record<string, string>>): string {
    const { resourceMetadataUrl } = this.options;
    const all = Object.entries(parameters);
    if (resourceMetadataUrl) all.push(['resource_metadata', resourceMetadataUrl]);
    return ['Bearer', all.map(([name, value]) => `${name}="${value}"`).join(', ')].join(' ').trim();
  }
}

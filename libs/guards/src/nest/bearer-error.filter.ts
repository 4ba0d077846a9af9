import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import { findVerifiedToken } from './verified-token.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { TransportRegistry } from './transports.js';
import { BearerError } from './bearer-error.js';
import { buildChallenge } from './challenge.js';
import { RejectionReporter } from './rejection-reporter.js';

/** Sends the refusal to the caller, in the format of its transport. */
@Catch(BearerError)
export class BearerErrorFilter implements ExceptionFilter<BearerError> {
  constructor(
    private readonly transports: TransportRegistry,
    private readonly reporter: RejectionReporter,
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {}

  catch(error: BearerError, host: ArgumentsHost): unknown {
    if (!this.transports.find(host)) throw error;
    // A handler's error has the default scheme. A bound token was sent with its proof.
    if (findVerifiedToken(host)?.boundTo !== undefined) error.scheme = 'DPoP';
    this.reporter.reportHandlerRejection(error, host);
    return this.send(error, host, buildChallenge(error, this.options));
  }

  /** A subclass may answer in another form. @param challenge value of `WWW-Authenticate`, if the refusal has one */
  protected send(error: BearerError, host: ArgumentsHost, challenge: string | undefined): unknown {
    return this.transports.find(host)?.refuse(error, host, challenge);
  }
}

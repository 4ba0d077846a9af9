import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import { findAdmission } from './verified-token.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { TransportRegistry } from './transports.js';
import { BearerError } from './bearer-error.js';
import { findNeededScopes, buildChallenge } from './challenge.js';
import { RejectionReporter } from './rejection-reporter.js';

/** Sends the refusal to the caller, in the format of its transport. */
@Catch(BearerError)
export class BearerErrorFilter implements ExceptionFilter<BearerError> {
  constructor(
    private readonly transports: TransportRegistry,
    private readonly reporter: RejectionReporter,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {}

  catch(error: BearerError, host: ArgumentsHost): unknown {
    if (!this.transports.find(host)) throw error;
    this.completeHandlerError(error, host);
    this.reporter.reportHandlerRejection(error, host);
    return this.send(error, host, buildChallenge(error, this.options));
  }

  /** A subclass may answer in another form. @param challenge value of `WWW-Authenticate`, if the refusal has one */
  protected send(error: BearerError, host: ArgumentsHost, challenge: string | undefined): unknown {
    return this.transports.find(host)?.refuse(error, host, challenge);
  }

  /** The guard completes its own refusals. A handler or a parameter knows neither the scheme of the call nor its rule. */
  private completeHandlerError(error: BearerError, host: ArgumentsHost): void {
    const { token, rule } = findAdmission(host) ?? {};
    // A bound token was sent with its proof.
    if (token?.boundTo !== undefined) error.scheme = 'DPoP';
    // Fields of a query and messages of a socket share their admission.
    if (error.scopes || !rule || host.getType() !== 'http') return;
    error.scopes = findNeededScopes(error, { rule, token }, this.options);
  }
}

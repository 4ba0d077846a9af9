import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import { callerOf } from '../caller.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from '../guards.options.js';
import { Transports } from '../transports.js';
import { BearerError } from './bearer-error.js';
import { challengeOf } from './challenge.js';
import { Observer } from './observer.js';

/** Tells the caller, in the words of the transport that the call came by. */
@Catch(BearerError)
export class BearerErrorFilter implements ExceptionFilter<BearerError> {
  constructor(
    private readonly transports: Transports,
    private readonly observer: Observer,
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {}

  catch(error: BearerError, host: ArgumentsHost): unknown {
    const transport = this.transports.of(host);
    if (!transport) throw error;
    // What was thrown past the guard does not know how the token was sent: a bound one came with its proof.
    if (callerOf(host)?.boundTo !== undefined) error.scheme = 'DPoP';
    this.observer.refusedInside(error, host);
    return transport.refuse(error, host, challengeOf(error, this.options));
  }
}

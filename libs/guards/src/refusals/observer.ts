import { type ArgumentsHost, Inject, Injectable, Logger } from '@nestjs/common';
import { callerOf } from '../caller.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from '../guards.options.js';
import type { CredentialCarrier } from '../http/credentials.js';
import { TrustedIssuers } from '../issuers/trusted-issuers.js';
import type { BearerError } from './bearer-error.js';
import { describeRejection } from './describe-rejection.js';
import type { Rejection } from './rejection.js';

/** Tells `onRejected` of every refusal, once. What goes wrong there changes no answer, and ends no process. */
@Injectable()
export class Observer {
  private readonly settled = new WeakSet<BearerError>();
  private readonly logger = new Logger('GuardsModule');

  constructor(
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
    private readonly issuers: TrustedIssuers,
  ) {}

  /** The guard refuses a call. */
  refused(refusal: BearerError, carrier: CredentialCarrier): void {
    this.settle(refusal);
    if (this.options.onRejected) this.tell(describeRejection(refusal, carrier, this.issuers));
  }

  /** Nothing more is to be told of it. */
  settle(refusal: BearerError): void {
    this.settled.add(refusal);
  }

  /** The guard let the call in, and a parameter or the handler itself did not. */
  refusedInside(refusal: BearerError, host: ArgumentsHost): void {
    if (this.settled.has(refusal)) return;
    this.settle(refusal);
    const { reason, cause } = refusal;
    const issuer = callerOf(host)?.issuer;
    this.tell({ reason, ...(issuer && { issuer }), ...(cause !== undefined && { cause }) });
  }

  tell(rejection: Rejection): void {
    try {
      // Types let an asynchronous function pass for this one.
      const told: unknown = this.options.onRejected?.(rejection);
      if (told instanceof Promise) told.catch((error: unknown) => this.complain(error));
    } catch (error) {
      this.complain(error);
    }
  }

  private complain(error: unknown): void {
    this.logger.error('onRejected has failed', error instanceof Error ? error.stack : error);
  }
}

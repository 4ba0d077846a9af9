import { Logger } from '@nestjs/common';
import { describeError, quoteValue } from '../core/token-error.js';
import { type BearerError, type Rejection, TemporarilyUnavailable } from './bearer-error.js';

const REPEAT_AFTER_MS = 60_000;

/**
 * The default log. The first refusal of each reason in a minute is a warning, and so is the first of each outage. Every
 * other one is logged at debug. No line contains a token.
 */
export class RejectionLog {
  private readonly logger = new Logger('GuardsModule');
  private readonly warnedAt = new Map<string, number>();
  private readonly outages = new Map<string, object>();

  constructor(private readonly clock: { readonly monotonicNow: () => number }) {}

  write(rejection: Rejection, refusal?: BearerError): void {
    const outage = refusal instanceof TemporarilyUnavailable ? refusal.outage : undefined;
    const isNews = outage ? this.isNewOutage(rejection, outage) : this.isNewReason(rejection);
    if (!isNews) return this.logger.debug(describeRejection(rejection));
    const rest = outage ? 'for this outage' : 'with this reason in the next minute';
    this.logger.warn(`${describeRejection(rejection)}. Other refusals ${rest} are logged at debug`);
  }

  private isNewOutage({ reason, issuer }: Rejection, outage: object): boolean {
    const key = `${reason} ${issuer}`;
    if (this.outages.get(key) === outage) return false;
    this.outages.set(key, outage);
    return true;
  }

  private isNewReason({ reason }: Rejection): boolean {
    const at = this.clock.monotonicNow();
    if (at < (this.warnedAt.get(reason) ?? -Infinity) + REPEAT_AFTER_MS) return false;
    this.warnedAt.set(reason, at);
    return true;
  }
}

function describeRejection({ reason, issuer, kid, cause, request }: Rejection): string {
  const parts = [
    cause !== undefined && describeError(cause),
    issuer !== undefined && `issuer ${quoteValue(issuer)}`,
    kid !== undefined && `kid ${quoteValue(kid)}`,
    request && `${request.method} ${quoteValue(request.path)}`,
  ];
  const details = parts.filter((part) => typeof part === 'string').join(', ');
  // A handler may throw a refusal with text of any kind.
  return `Refused a call: ${reason}${details && ` (${details})`}`.replace(/[^\x20-\x7e]/g, '?');
}

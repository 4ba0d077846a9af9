import { Logger } from '@nestjs/common';
import { describeError, quoteValue } from '../core/token-error.js';
import { type BearerError, type Rejection, TemporarilyUnavailable } from './bearer-error.js';

const REPEAT_AFTER_MS = 60_000;

/** Which refusals were reported before. */
export class RejectionHistory {
  private readonly reportedAt = new Map<string, number>();
  private readonly outages = new WeakSet();

  constructor(private readonly clock: { readonly monotonicNow: () => number }) {}

  /** Whether this is the first refusal of its reason in a minute, and the first of its outage. Call it once for each refusal. */
  isNews({ reason, issuer }: Rejection, refusal?: BearerError): boolean {
    const outage = refusal instanceof TemporarilyUnavailable ? refusal.outage : undefined;
    if (outage && this.outages.has(outage)) return false;
    if (!this.isNewReason(outage ? `${reason} ${issuer}` : reason)) return false;
    if (outage) this.outages.add(outage);
    return true;
  }

  private isNewReason(reason: string): boolean {
    const at = this.clock.monotonicNow();
    if (at < (this.reportedAt.get(reason) ?? -Infinity) + REPEAT_AFTER_MS) return false;
    this.reportedAt.set(reason, at);
    return true;
  }
}

/**
 * The default log. The first refusal of each reason in a minute is a warning, and so is the first of each outage. Every
 * other one is logged at debug. No line contains a token.
 */
export class RejectionLog {
  private readonly logger = new Logger('GuardsModule');

  write(rejection: Rejection, { isNews, isOutage }: Report): void {
    if (!isNews) return this.logger.debug(describeRejection(rejection));
    const rest = isOutage ? 'for this outage' : 'with this reason in the next minute';
    this.logger.warn(`${describeRejection(rejection)}. Other refusals ${rest} are logged at debug`);
  }
}

interface Report {
  readonly isNews: boolean;
  readonly isOutage: boolean;
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

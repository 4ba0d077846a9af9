import { randomBytes } from 'node:crypto';
import { Clock, Metrics } from '@gatehouse/service-kit';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { EventRateLimiter } from './event-rate-limiter.js';
import { EVENT_PROPERTIES, isAlarming, type SecurityEvent } from './security-event.js';
import { SecurityEventRepository } from './security-event.repository.js';

/** Records security decisions: each decision once, at the place where it is made. */
@Injectable()
export class SecurityEventService {
  private readonly logger = new Logger('SecurityEvents');
  private readonly rateLimiter = new EventRateLimiter();
  private readonly counter;

  constructor(
    private readonly repository: SecurityEventRepository,
    private readonly clock: Clock,
    @Inject(Metrics) metrics = new Metrics(),
  ) {
    this.counter = metrics.counter({
      name: 'security_events_total',
      help: 'Security events, by type and reason.',
      labels: ['type', 'reason'],
    });
  }

  /**
   * Stores the event and logs it. The event joins the transaction of the change that it records, and a failure to store it
   * fails the change. A rejected anonymous request changes nothing, so it is answered even when its event cannot be stored.
   */
  async record(event: SecurityEvent): Promise<void> {
    if (EVENT_PROPERTIES[event.type].isRateLimited) await this.storeWithinLimit(event);
    else await this.store(event);
    this.counter.inc({ type: event.type, reason: 'reason' in event ? event.reason : '' });
    if (isAlarming(event)) this.logger.warn(event);
    else this.logger.log(event);
  }

  /** Stores the counts of events that were not stored in the minutes that are over. */
  async recordSuppressed(now = this.clock.now()): Promise<void> {
    for (const suppressed of this.rateLimiter.takeSuppressed(now)) {
      await this.record({ type: 'events.suppressed', ...suppressed });
    }
  }

  /** Stores all counts, because the process stops. */
  recordAllSuppressed(): Promise<void> {
    return this.recordSuppressed(Number.POSITIVE_INFINITY);
  }

  private async storeWithinLimit(event: SecurityEvent): Promise<void> {
    try {
      await this.recordSuppressed();
      if (this.rateLimiter.tryAdmit(event.type, this.clock.now())) await this.store(event);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.logger.error(`cannot store the security event ${event.type}: ${text}`);
    }
  }

  private store(event: SecurityEvent): Promise<void> {
    const { type, ...detail } = event;
    return this.repository.insert({
      id: randomBytes(16).toString('base64url'),
      at: this.clock.now(),
      type,
      accountId: 'accountId' in event ? event.accountId : null,
      detail: JSON.stringify(detail),
    });
  }
}

import { randomBytes } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock, Metrics } from '@gatehouse/service-kit';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { EventRateLimiter } from './event-rate-limiter.js';
import { EVENT_PROPERTIES, isAlarming, type SecurityEvent } from './security-event.js';

/** Where security decisions are reported: once each, at the place of the decision. */
@Injectable()
export class SecurityEventService {
  private readonly logger = new Logger('SecurityEvents');
  private readonly rateLimiter = new EventRateLimiter();
  private readonly counter;

  constructor(
    private readonly unitOfWork: UnitOfWork,
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
   * Stores the event, in the transaction of the change that it tells of where there is one, and logs it. No change without
   * its record: where the event cannot be stored, this throws. A refusal of a stranger changes nothing, and is answered
   * all the same.
   */
  async record(event: SecurityEvent): Promise<void> {
    if (EVENT_PROPERTIES[event.type].isRateLimited) await this.storeWithinLimit(event);
    else await this.store(event);
    this.counter.inc({ type: event.type, reason: 'reason' in event ? event.reason : '' });
    if (isAlarming(event)) this.logger.warn(event);
    else this.logger.log(event);
  }

  /** Stores how many had no row each, of the minutes that are over. */
  async recordSuppressed(now = this.clock.now()): Promise<void> {
    for (const suppressed of this.rateLimiter.takeSuppressed(now)) {
      await this.record({ type: 'events.suppressed', ...suppressed });
    }
  }

  /** All of them, for the process stops. */
  recordAllSuppressed(): Promise<void> {
    return this.recordSuppressed(Number.POSITIVE_INFINITY);
  }

  private async storeWithinLimit(event: SecurityEvent): Promise<void> {
    try {
      await this.recordSuppressed();
      if (this.rateLimiter.tryAdmit(event.type, this.clock.now())) await this.store(event);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.logger.error(`a ${event.type} was answered, and could not be stored: ${text}`);
    }
  }

  private async store(event: SecurityEvent): Promise<void> {
    const { type, ...detail } = event;
    await this.unitOfWork.execute(
      `INSERT INTO security_event (id, at, type, account_id, detail) VALUES ($1, $2, $3, $4, $5)`,
      [
        randomBytes(16).toString('base64url'),
        this.clock.now(),
        type,
        'accountId' in event ? event.accountId : null,
        JSON.stringify(detail),
      ],
    );
  }
}

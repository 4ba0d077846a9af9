import { randomBytes } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock, Metrics } from '@gatehouse/service-kit';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { EventAllowance } from './event-allowance.js';
import { EVENT_KINDS, isAlarming } from './event-kinds.js';
import type { SecurityEvent } from './security-event.js';

/** Where security decisions are reported: once each, at the place of the decision. */
@Injectable()
export class SecurityEvents {
  private readonly log = new Logger('SecurityEvents');
  private readonly allowance = new EventAllowance();
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
    if (EVENT_KINDS[event.type].isFromStrangers) await this.storeWithinAllowance(event);
    else await this.store(event);
    this.counter.inc({ type: event.type, reason: 'reason' in event ? event.reason : '' });
    if (isAlarming(event)) this.log.warn(event);
    else this.log.log(event);
  }

  /** Stores how many had no row each, of the minutes that are over. */
  async tellSuppressed(now = this.clock.now()): Promise<void> {
    for (const suppressed of this.allowance.over(now)) {
      await this.record({ type: 'events.suppressed', ...suppressed });
    }
  }

  /** All of them, for the process stops. */
  tellAllSuppressed(): Promise<void> {
    return this.tellSuppressed(Number.POSITIVE_INFINITY);
  }

  private async storeWithinAllowance(event: SecurityEvent): Promise<void> {
    try {
      await this.tellSuppressed();
      if (this.allowance.admits(event.type, this.clock.now())) await this.store(event);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.log.error(`a ${event.type} was answered, and could not be stored: ${text}`);
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

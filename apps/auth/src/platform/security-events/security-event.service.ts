import { randomBytes } from 'node:crypto';
import type { SqlStatement } from '@gatehouse/persistence';
import { Clock, Metrics } from '@gatehouse/service-kit';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { UnlinkedEvent } from './event-chain.js';
import { EVENT_REASONS, type RevocationReason, type SecurityEvent } from './security-event.js';
import { buildEventInsert, SecurityEventRepository } from './security-event.repository.js';

type EventType = SecurityEvent['type'];

interface EventProperties {
  /** Logged as a warning, for the operator's attention. */
  readonly isAlarming: boolean;
  /** Anonymous requests can cause it without end, and it changes nothing: see {@link EventRateLimiter}. */
  readonly isRateLimited: boolean;
}

const ROUTINE: EventProperties = { isAlarming: false, isRateLimited: false };
const ALARMING: EventProperties = { isAlarming: true, isRateLimited: false };

/** Anonymous requests cause `account.registered` as well. The rate limit of registrations bounds it. */
export const EVENT_PROPERTIES: Readonly<Record<EventType, EventProperties>> = {
  'account.registered': ROUTINE,
  'account.registration_repeated': { isAlarming: false, isRateLimited: true },
  'account.created': ROUTINE,
  'account.invited': ROUTINE,
  'role.granted': ROUTINE,
  'role.revoked': ROUTINE,
  'account.claims_changed': ROUTINE,
  'account.disabled': ROUTINE,
  'account.enabled': ROUTINE,
  'account.erased': ROUTINE,
  'account.password_changed': ROUTINE,
  'account.password_reset': ROUTINE,
  'account.email_verified': ROUTINE,
  'account.email_changed': ROUTINE,
  'account.email_restored': ROUTINE,
  'email_action.mailed': { isAlarming: false, isRateLimited: true },
  'email_action.refused': { isAlarming: false, isRateLimited: true },
  'login.failed': { isAlarming: true, isRateLimited: true },
  'login.delayed': { isAlarming: true, isRateLimited: true },
  'browser_session.begun': ROUTINE,
  'browser_session.renewed': ROUTINE,
  'browser_session.ended': ROUTINE,
  'consent.granted': ROUTINE,
  'consent.withdrawn': ROUTINE,
  'authorization_code.issued': ROUTINE,
  'authorization_code.redeemed': ROUTINE,
  'authorization_code.reused': { isAlarming: true, isRateLimited: true },
  'family.begun': ROUTINE,
  'family.ended': ROUTINE,
  'client.refused': { isAlarming: true, isRateLimited: true },
  'authorization.refused': { isAlarming: false, isRateLimited: true },
  'token.refused': { isAlarming: false, isRateLimited: true },
  'client.created': ROUTINE,
  'client.secret_rotated': ROUTINE,
  'client.updated': ROUTINE,
  'client.disabled': ROUTINE,
  'client.enabled': ROUTINE,
  'signing_key.staged': ROUTINE,
  'signing_key.activated': ROUTINE,
  'signing_key.retiring': ROUTINE,
  'signing_key.retired': ROUTINE,
  'signing_key.revoked': ALARMING,
  'signing_key.resealed': ROUTINE,
  'database.backed_up': ROUTINE,
  'database.restored': ALARMING,
  'events.suppressed': ALARMING,
  'events.pruned': ROUTINE,
};

const ALARMING_REASONS: readonly RevocationReason[] = ['reuse', 'rolled_back', 'code_reuse'];

/** The end of a session is alarming when it shows a copied credential or a database that was rolled back. */
const isAlarming = (event: SecurityEvent): boolean =>
  event.type === 'family.ended'
    ? ALARMING_REASONS.includes(event.reason)
    : EVENT_PROPERTIES[event.type].isAlarming;

function listSeries(): { readonly type: string; readonly reason: string }[] {
  const reasons: Readonly<Record<string, readonly string[]>> = EVENT_REASONS;
  return Object.keys(EVENT_PROPERTIES).flatMap((type) =>
    (reasons[type] ?? ['']).map((reason) => ({ type, reason })),
  );
}

/** Events of one type that one process stores in one minute. */
export const MAX_STORED_PER_MINUTE = 60;
const MINUTE_MS = 60_000;

interface EventCount {
  readonly startedAt: number;
  stored: number;
  suppressed: number;
}

/** Events of one type that were counted and not stored. */
export interface SuppressedEvents {
  readonly of: EventType;
  readonly count: number;
}

/** Bounds the events that anonymous requests can cause: beyond the limit they are counted and not stored. */
export class EventRateLimiter {
  private readonly counts = new Map<EventType, EventCount>();

  /**
   * Call {@link takeSuppressed} first: it closes the minutes that are over.
   *
   * @param now milliseconds of a monotonic clock
   * @returns whether one more event may be stored
   */
  tryAdmit(type: EventType, now: number): boolean {
    const minute = this.counts.get(type) ?? { startedAt: now, stored: 0, suppressed: 0 };
    this.counts.set(type, minute);
    const hasRoom = minute.stored < MAX_STORED_PER_MINUTE;
    if (hasRoom) minute.stored += 1;
    else minute.suppressed += 1;
    return hasRoom;
  }

  /** The counts of the minutes that are over at `now`. Each count is returned once. */
  takeSuppressed(now: number): readonly SuppressedEvents[] {
    const ended = [...this.counts].filter(([, { startedAt }]) => now >= startedAt + MINUTE_MS);
    for (const [type] of ended) this.counts.delete(type);
    return ended.flatMap(([of, { suppressed: count }]) => (count > 0 ? [{ of, count }] : []));
  }
}

/** An event for a caller that runs the statement together with others, and then logs the event. */
export interface PreparedEvent {
  readonly statement: SqlStatement;
  readonly log: () => void;
}

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
      series: listSeries(),
    });
  }

  /**
   * Stores the event and logs it. The event joins the transaction of the change that it records, and a failure to store it
   * fails the change. A rejected anonymous request changes nothing, so it is answered even when its event cannot be stored.
   */
  async record(event: SecurityEvent): Promise<void> {
    if (EVENT_PROPERTIES[event.type].isRateLimited) await this.storeWithinLimit(event);
    else await this.repository.insert(this.toRow(event));
    this.log(event);
  }

  /** Stores the event and the change that it records, as one transaction, in one round trip. */
  async recordWith(change: SqlStatement, event: SecurityEvent): Promise<void> {
    await this.repository.insertWith(change, this.toRow(event));
    this.log(event);
  }

  /** The caller stores the event with the change that it records, as one transaction, and logs it. */
  prepare(event: SecurityEvent): PreparedEvent {
    return { statement: buildEventInsert(this.toRow(event)), log: () => this.log(event) };
  }

  /** Stores the counts of events that were not stored in the minutes that are over. */
  async recordSuppressed(now = this.clock.monotonic()): Promise<void> {
    for (const suppressed of this.rateLimiter.takeSuppressed(now)) {
      await this.record({ type: 'events.suppressed', ...suppressed });
    }
  }

  /** Stores all counts, because the process stops. */
  recordAllSuppressed(): Promise<void> {
    return this.recordSuppressed(Number.POSITIVE_INFINITY);
  }

  private log(event: SecurityEvent): void {
    this.counter.inc({ type: event.type, reason: 'reason' in event ? event.reason : '' });
    if (isAlarming(event)) this.logger.warn(event);
    else this.logger.log(event);
  }

  private async storeWithinLimit(event: SecurityEvent): Promise<void> {
    try {
      await this.recordSuppressed();
      if (this.rateLimiter.tryAdmit(event.type, this.clock.monotonic()))
        await this.repository.insert(this.toRow(event));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.logger.error(`cannot store the security event ${event.type}: ${text}`);
    }
  }

  private toRow(event: SecurityEvent): UnlinkedEvent {
    const { type, ...detail } = event;
    return {
      id: randomBytes(16).toString('base64url'),
      at: this.clock.now(),
      type,
      accountId: ('accountId' in event ? event.accountId : null) ?? null,
      detail: JSON.stringify(detail),
    };
  }
}

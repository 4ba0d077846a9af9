import type { SecurityEvent } from './security-event.js';

type EventType = SecurityEvent['type'];

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
   * @param now milliseconds since the epoch
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

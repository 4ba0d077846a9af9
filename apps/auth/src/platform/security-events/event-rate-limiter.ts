import type { SecurityEvent } from './security-event.js';

type EventType = SecurityEvent['type'];

/** Events of one type that are stored in one minute by one process. */
export const MAX_STORED_PER_MINUTE = 60;
const MINUTE_MS = 60_000;

interface EventCount {
  readonly startedAt: number;
  stored: number;
  suppressed: number;
}

/** A number of events that had no row each. */
export interface SuppressedEvents {
  readonly of: EventType;
  readonly count: number;
}

/** What strangers can cause without end is stored to a bound, and counted beyond: the table grows no faster than that. */
export class EventRateLimiter {
  private readonly counts = new Map<EventType, EventCount>();

  /**
   * @param now milliseconds since the epoch
   * @returns whether there is room for one more; {@link takeSuppressed} tells first what came before this minute
   */
  tryAdmit(type: EventType, now: number): boolean {
    const minute = this.counts.get(type) ?? { startedAt: now, stored: 0, suppressed: 0 };
    this.counts.set(type, minute);
    const hasRoom = minute.stored < MAX_STORED_PER_MINUTE;
    if (hasRoom) minute.stored += 1;
    else minute.suppressed += 1;
    return hasRoom;
  }

  /** What was suppressed in the minutes that are over at `now`. It is told once. */
  takeSuppressed(now: number): readonly SuppressedEvents[] {
    const ended = [...this.counts].filter(([, { startedAt: began }]) => now >= began + MINUTE_MS);
    for (const [type] of ended) this.counts.delete(type);
    return ended.flatMap(([of, { suppressed: count }]) => (count > 0 ? [{ of, count }] : []));
  }
}

import type { SecurityEvent } from './security-event.js';

type EventType = SecurityEvent['type'];

/** Events of one type that are stored in one minute by one process. */
export const STORED_A_MINUTE = 60;
const MINUTE_MS = 60_000;

interface Minute {
  readonly began: number;
  stored: number;
  suppressed: number;
}

/** A number of events that had no row each. */
export interface Suppressed {
  readonly of: EventType;
  readonly count: number;
}

/** What strangers can cause without end is stored to a bound, and counted beyond: the table grows no faster than that. */
export class EventAllowance {
  private readonly minutes = new Map<EventType, Minute>();

  /**
   * @param now milliseconds since the epoch
   * @returns whether there is room for one more; {@link over} tells first what came before this minute
   */
  admits(type: EventType, now: number): boolean {
    const minute = this.minutes.get(type) ?? { began: now, stored: 0, suppressed: 0 };
    this.minutes.set(type, minute);
    const hasRoom = minute.stored < STORED_A_MINUTE;
    if (hasRoom) minute.stored += 1;
    else minute.suppressed += 1;
    return hasRoom;
  }

  /** What was suppressed in the minutes that are over at `now`. It is told once. */
  over(now: number): readonly Suppressed[] {
    const ended = [...this.minutes].filter(([, { began }]) => now >= began + MINUTE_MS);
    for (const [type] of ended) this.minutes.delete(type);
    return ended.flatMap(([of, { suppressed: count }]) => (count > 0 ? [{ of, count }] : []));
  }
}

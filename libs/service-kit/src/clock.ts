import { Injectable } from '@nestjs/common';

/** The only source of time. Tests provide another clock and move it. */
@Injectable()
export class Clock {
  private offsetMs = 0;

  /** @returns milliseconds since the Unix epoch */
  now(): number {
    return Math.round(Date.now() + this.offsetMs);
  }

  /**
   * The time for ages, pauses and deadlines within this process. A correction of the system's clock does not change it.
   * @returns milliseconds since an arbitrary instant
   */
  monotonic(): number {
    return performance.now();
  }

  /** @param milliseconds to add to the time of the system's clock */
  setOffset(milliseconds: number): void {
    this.offsetMs = milliseconds;
  }
}

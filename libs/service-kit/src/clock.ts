import { Injectable } from '@nestjs/common';

/** The only source of time. Tests provide another clock and move it. */
@Injectable()
export class Clock {
  /** What {@link follow} was given. */
  private originMs: number | undefined;

  /** @returns milliseconds since the Unix epoch */
  now(): number {
    return this.originMs === undefined ? Date.now() : Math.round(this.originMs + this.monotonic());
  }

  /**
   * The time for ages, pauses and deadlines within this process. A correction of the system's clock does not change it.
   * @returns milliseconds since an arbitrary instant
   */
  monotonic(): number {
    return performance.now();
  }

  /**
   * Follows another clock from now on, so that a correction of the system's clock changes nothing.
   *
   * @param originMs the time of the other clock at {@link monotonic} zero, in milliseconds since the epoch
   */
  follow(originMs: number): void {
    this.originMs = originMs;
  }
}

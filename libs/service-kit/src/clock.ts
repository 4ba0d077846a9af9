import { Injectable } from '@nestjs/common';

/** The only source of time: a test provides its own and moves it. */
@Injectable()
export class Clock {
  private offsetMs = 0;

  /** @returns milliseconds since the Unix epoch */
  now(): number {
    return Math.round(Date.now() + this.offsetMs);
  }

  /** @param milliseconds that the system's clock is behind of the one that counts */
  setOffset(milliseconds: number): void {
    this.offsetMs = milliseconds;
  }
}

import { Injectable } from '@nestjs/common';

/** The only source of time: a test provides its own and moves it. */
@Injectable()
export class Clock {
  private correction = 0;

  /** @returns milliseconds since the Unix epoch */
  now(): number {
    return Math.round(Date.now() + this.correction);
  }

  /** @param milliseconds that the system's clock is behind of the one that counts */
  correct(milliseconds: number): void {
    this.correction = milliseconds;
  }
}

import { Injectable } from '@nestjs/common';

/** The only source of time: a test provides its own and moves it. */
@Injectable()
export class Clock {
  /** @returns milliseconds since the Unix epoch */
  now(): number {
    return Date.now();
  }
}

import { Clock } from '@gatehouse/service-kit';

/** A clock that stands still until a test advances it. */
export class TestClock extends Clock {
  constructor(private time = Date.UTC(2026, 10, 23, 12)) {
    super();
  }

  override now(): number {
    return this.time;
  }

  advance({ seconds }: { seconds: number }): void {
    this.time += seconds * 1000;
  }
}

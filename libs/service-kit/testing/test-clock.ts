import { Clock } from '../src/clock.js';

/** A clock that a test moves. It stands still in between, unless {@link TestClock.running} made it. */
export class TestClock extends Clock {
  private time: number;
  private elapsed = 0;

  constructor(at: Date | number = Date.UTC(2026, 10, 23, 12)) {
    super();
    this.time = Number(at);
  }

  /** A clock that runs on from the system's time, for tests in which another program reads the system's clock. */
  static running(): TestClock {
    return new RunningTestClock();
  }

  override now(): number {
    return this.time;
  }

  override monotonic(): number {
    return this.elapsed;
  }

  advance({ seconds }: { readonly seconds: number }): void {
    this.time += seconds * 1000;
    this.elapsed += seconds * 1000;
  }

  /** Moves to a later instant. */
  set(at: Date | number): void {
    this.advance({ seconds: (Number(at) - this.now()) / 1000 });
  }

  /** Corrects the wall clock alone, as an operator or NTP does. Negative seconds turn it back. */
  correct({ seconds }: { readonly seconds: number }): void {
    this.time += seconds * 1000;
  }
}

class RunningTestClock extends TestClock {
  private readonly startedAt = Date.now();

  constructor() {
    super(Date.now());
  }

  override now(): number {
    return super.now() + Date.now() - this.startedAt;
  }

  override monotonic(): number {
    return super.monotonic() + Date.now() - this.startedAt;
  }
}

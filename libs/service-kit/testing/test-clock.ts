import { Clock } from '../src/clock.js';

/** A clock that a test moves. It stands still in between, unless {@link TestClock.running} made it. */
export class TestClock extends Clock {
  private time: number;

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

  advance({ seconds }: { readonly seconds: number }): void {
    this.time += seconds * 1000;
  }

  set(at: Date | number): void {
    this.time += Number(at) - this.now();
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
}

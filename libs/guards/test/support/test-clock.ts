/** A clock that moves only when the test moves it. It starts at a whole second, like the times in a token. */
export class TestClock {
  private time = Math.floor(Date.now() / 1000) * 1000;
  private elapsed = 0;

  readonly now = (): number => this.time;
  readonly monotonicNow = (): number => this.elapsed;
  /** The options of the guards that use this clock. */
  readonly options = { now: this.now, monotonicNow: this.monotonicNow };

  /** Lets time pass. */
  advance({ seconds }: { readonly seconds: number }): void {
    this.time += seconds * 1000;
    this.elapsed += seconds * 1000;
  }

  /** Sets the machine's clock forward, or back if negative. No time passes. */
  correct({ seconds }: { readonly seconds: number }): void {
    this.time += seconds * 1000;
  }
}

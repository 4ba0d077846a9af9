/** A clock that moves only when the test advances it. It starts at a whole second, like the times in a token. */
export class TestClock {
  private time = Math.floor(Date.now() / 1000) * 1000;

  readonly now = (): number => this.time;

  advance({ seconds }: { readonly seconds: number }): void {
    this.time += seconds * 1000;
  }
}

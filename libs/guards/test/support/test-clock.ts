/** A clock that stands still until it is moved. It begins with a whole second, as the times in a token are. */
export class TestClock {
  private time = Math.floor(Date.now() / 1000) * 1000;

  readonly now = (): number => this.time;

  advance(seconds: number): void {
    this.time += seconds * 1000;
  }
}

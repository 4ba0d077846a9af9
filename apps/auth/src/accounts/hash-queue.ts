/** One hash keeps a core busy for some 10 ms, and libuv's four threads serve files and DNS as well. */
const AT_ONCE = 2;
const WAITING = 64;

/** The queue of password hashes is full; the caller may try again in a second. */
export class TooBusy extends Error {
  override readonly name = 'TooBusy';
  /** Seconds: a full queue is worked off in that time. */
  readonly retryAfter = 1;
}

/** Bounds the work that strangers can cause with passwords: a flood slows logins, and nothing else. */
export class HashQueue {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @throws {TooBusy} */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < AT_ONCE) this.running += 1;
    else await this.turn();
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }

  private turn(): Promise<void> {
    if (this.waiting.length >= WAITING) throw new TooBusy('too many password hashes are waiting');
    return new Promise((start) => this.waiting.push(start));
  }
}

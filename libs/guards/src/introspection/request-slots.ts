/** Requests that may wait for a slot. A flood of unknown tokens is refused beyond that. */
const MAX_WAITING = 1000;

interface Waiting {
  readonly since: number;
  /** Called with true when the request has a slot, and with false when it has waited for too long. */
  readonly resume: (hasSlot: boolean) => void;
}

/** Limits the requests in flight, because strangers can send any number of tokens. */
export class RequestSlots {
  private taken = 0;
  private waiting: Waiting[] = [];

  constructor(
    private readonly slots: number,
    private readonly maxWaitMs: number,
    private readonly monotonicNow: () => number,
  ) {}

  /**
   * Resolves with false when there is no slot for the request. Call {@link release} after the work otherwise.
   *
   * @param hasPriority for tokens that were active before, so that unknown tokens cannot keep them waiting
   */
  take(hasPriority: boolean): boolean | Promise<boolean> {
    if (this.taken < this.slots) return (this.taken += 1) > 0;
    if (this.waiting.length >= MAX_WAITING && !hasPriority) return false;
    return new Promise((resume) => {
      const entry = { since: this.monotonicNow(), resume };
      if (hasPriority) this.waiting.unshift(entry);
      else this.waiting.push(entry);
    });
  }

  /** Hands the slot to the next request, and ends the wait of those that have waited for too long. */
  release(): void {
    const oldest = this.monotonicNow() - this.maxWaitMs;
    const late = this.waiting.filter(({ since }) => since < oldest);
    if (late.length > 0) this.waiting = this.waiting.filter(({ since }) => since >= oldest);
    for (const { resume } of late) resume(false);
    const next = this.waiting.shift();
    if (next) next.resume(true);
    else this.taken -= 1;
  }
}

import type { ChainHead } from './event-linker.js';
import { GENESIS, hashOf, type StoredEvent } from './stored-event.js';

/** What a walk along the chain found. */
export interface Verdict {
  /** In the chain, up to where it is broken. */
  readonly events: number;
  /** `seq` of the first place that is not as it was written. */
  readonly brokenAt?: number;
}

/** Looks at the events of a chain one after another, oldest first. */
export class ChainWalk {
  private events = 0;
  private first: StoredEvent | undefined;
  private previous: ChainHead = { seq: 0, hash: GENESIS };
  private brokenAt: number | undefined;
  /** Where the chain may begin by what its own events say: see `events.pruned`. */
  private readonly cuts = new Set<string>();

  constructor(private readonly noted: ChainHead | undefined) {}

  /** `seq` of the last event that was good. */
  get last(): number {
    return this.previous.seq;
  }

  /** @returns false where the chain is broken here; what comes after proves nothing */
  accepts(event: StoredEvent): boolean {
    if (!this.first) this.begin(event);
    const isGood =
      event.seq === this.previous.seq + 1 &&
      event.previousHash === this.previous.hash &&
      event.hash === hashOf(event) &&
      (event.seq !== this.noted?.seq || event.hash === this.noted.hash);
    if (!isGood) this.brokenAt = this.previous.seq + 1;
    else this.pass(event);
    return isGood;
  }

  /** @param unlinkedCuts `detail` of cuts that have no place in the chain yet */
  verdict(unlinkedCuts: readonly string[]): Verdict {
    for (const detail of unlinkedCuts) this.cuts.add(detail);
    const brokenAt = this.brokenAt ?? this.missingAtTheBeginning() ?? this.missingAtTheEnd();
    return { events: this.events, ...(brokenAt !== undefined && { brokenAt }) };
  }

  /** A chain whose old end was cut begins after the cut. Whether there was one is seen when all of it was walked. */
  private begin(event: StoredEvent): void {
    this.first = event;
    if (event.seq > 1) this.previous = { seq: event.seq - 1, hash: event.previousHash };
  }

  private pass(event: StoredEvent): void {
    this.events += 1;
    this.previous = { seq: event.seq, hash: event.hash };
    if (event.type === 'events.pruned') this.cuts.add(event.detail);
  }

  private missingAtTheBeginning(): number | undefined {
    if (!this.first || this.first.seq === 1) return undefined;
    return this.cuts.has(cutBefore(this.first)) ? undefined : this.first.seq - 1;
  }

  private missingAtTheEnd(): number | undefined {
    return this.noted && this.noted.seq > this.last ? this.last + 1 : undefined;
  }
}

/** What `events.pruned` says where the chain was cut just before an event; as text, for a forged one need not be JSON. */
const cutBefore = ({ seq, previousHash }: StoredEvent): string =>
  JSON.stringify({ seq: seq - 1, hash: previousHash });

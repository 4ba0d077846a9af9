import type { ChainHead } from './event-linker.js';
import { GENESIS_HASH, hashEvent, type StoredEvent } from './stored-event.js';

/** What a walk along the chain found. */
export interface ChainVerification {
  /** In the chain, up to where it is broken. */
  readonly events: number;
  /** `seq` of the first place that is not as it was written. */
  readonly brokenAt?: number;
}

/** Looks at the events of a chain one after another, oldest first. */
export class EventChainVerifier {
  private events = 0;
  private first: StoredEvent | undefined;
  private previous: ChainHead = { seq: 0, hash: GENESIS_HASH };
  private brokenAt: number | undefined;
  /** Where the chain may begin by what its own events say: see `events.pruned`. */
  private readonly pruneDetails = new Set<string>();

  constructor(private readonly expectedHead: ChainHead | undefined) {}

  /** `seq` of the last event that was good. */
  get lastVerifiedSeq(): number {
    return this.previous.seq;
  }

  /** @returns false where the chain is broken here; what comes after proves nothing */
  verifyNext(event: StoredEvent): boolean {
    if (!this.first) this.start(event);
    const isGood =
      event.seq === this.previous.seq + 1 &&
      event.previousHash === this.previous.hash &&
      event.hash === hashEvent(event) &&
      (event.seq !== this.expectedHead?.seq || event.hash === this.expectedHead.hash);
    if (!isGood) this.brokenAt = this.previous.seq + 1;
    else this.advance(event);
    return isGood;
  }

  /** @param unlinkedCuts `detail` of cuts that have no place in the chain yet */
  createResult(unlinkedCuts: readonly string[]): ChainVerification {
    for (const detail of unlinkedCuts) this.pruneDetails.add(detail);
    const brokenAt = this.brokenAt ?? this.findGapAtStart() ?? this.findGapAtEnd();
    return { events: this.events, ...(brokenAt !== undefined && { brokenAt }) };
  }

  /** A chain whose old end was cut begins after the cut. Whether there was one is seen when all of it was walked. */
  private start(event: StoredEvent): void {
    this.first = event;
    if (event.seq > 1) this.previous = { seq: event.seq - 1, hash: event.previousHash };
  }

  private advance(event: StoredEvent): void {
    this.events += 1;
    this.previous = { seq: event.seq, hash: event.hash };
    if (event.type === 'events.pruned') this.pruneDetails.add(event.detail);
  }

  private findGapAtStart(): number | undefined {
    if (!this.first || this.first.seq === 1) return undefined;
    return this.pruneDetails.has(pruneDetailBefore(this.first)) ? undefined : this.first.seq - 1;
  }

  private findGapAtEnd(): number | undefined {
    return this.expectedHead && this.expectedHead.seq > this.lastVerifiedSeq
      ? this.lastVerifiedSeq + 1
      : undefined;
  }
}

/** What `events.pruned` says where the chain was cut just before an event; as text, for a forged one need not be JSON. */
const pruneDetailBefore = ({ seq, previousHash }: StoredEvent): string =>
  JSON.stringify({ seq: seq - 1, hash: previousHash });

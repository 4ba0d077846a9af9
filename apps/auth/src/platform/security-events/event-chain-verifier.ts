import { type ChainHead, GENESIS_HASH, hashEvent, type StoredEvent } from './event-chain.js';

export interface ChainVerification {
  /** Verified events, up to the first break. */
  readonly events: number;
  /** `seq` of the first place that differs from what was written. */
  readonly brokenAt?: number;
}

/** Verifies the events of a chain one after another, oldest first. */
export class EventChainVerifier {
  private events = 0;
  private first: StoredEvent | undefined;
  private previous: ChainHead = { seq: 0, hash: GENESIS_HASH };
  private brokenAt: number | undefined;
  /** `detail` of each event `events.pruned`: the places where the chain may begin. */
  private readonly pruneDetails = new Set<string>();

  constructor(private readonly expectedHead: ChainHead | undefined) {}

  /** @returns false when the chain is broken at this event; later events prove nothing then */
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

  /** @param unlinkedPruneDetails `detail` of the events `events.pruned` that have no place in the chain yet */
  createResult(unlinkedPruneDetails: readonly string[]): ChainVerification {
    for (const detail of unlinkedPruneDetails) this.pruneDetails.add(detail);
    const brokenAt = this.brokenAt ?? this.findGapAtStart() ?? this.findGapAtEnd();
    return { events: this.events, ...(brokenAt !== undefined && { brokenAt }) };
  }

  /** A pruned chain begins after its cut. {@link createResult} checks that an event records the cut. */
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
    return this.pruneDetails.has(buildPruneDetail(this.first)) ? undefined : this.first.seq - 1;
  }

  private findGapAtEnd(): number | undefined {
    return this.expectedHead && this.expectedHead.seq > this.previous.seq
      ? this.previous.seq + 1
      : undefined;
  }
}

/** `detail` of the event `events.pruned` for a cut before `first`. Compared as text, because a forged detail need not be JSON. */
const buildPruneDetail = ({ seq, previousHash }: StoredEvent): string =>
  JSON.stringify({ seq: seq - 1, hash: previousHash });

import { createHash } from 'node:crypto';

/** A security event that has its place in the chain. */
export interface StoredEvent {
  /** 1, 2, 3 … without a gap. */
  readonly seq: number;
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly type: string;
  readonly accountId: string | null;
  /** The members of the event that have no column, as JSON. The hash covers this text byte for byte. */
  readonly detail: string;
  /** `hash` of the previous event; {@link GENESIS_HASH} for the first one. */
  readonly previousHash: string;
  readonly hash: string;
}

/** An event that is stored and not linked yet. */
export type UnlinkedEvent = Omit<StoredEvent, 'seq' | 'previousHash' | 'hash'>;

/** The newest event of a chain. */
export type ChainHead = Pick<StoredEvent, 'seq' | 'hash'>;

/** `previousHash` of the first event. */
export const GENESIS_HASH = 'A'.repeat(43);

/** Base64url of SHA-256 over a JSON array: the quotes and escapes of JSON make the text of each event unambiguous. */
export const hashEvent = (event: Omit<StoredEvent, 'hash'>): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        event.previousHash,
        event.seq,
        event.id,
        event.at,
        event.type,
        event.accountId,
        event.detail,
      ]),
    )
    .digest('base64url');

/** Appends events to a chain. @param head the newest event of the chain; undefined for an empty chain */
export function chainEvents(
  head: ChainHead = { seq: 0, hash: GENESIS_HASH },
  unlinked: readonly UnlinkedEvent[],
): readonly StoredEvent[] {
  let { seq, hash: previousHash } = head;
  return unlinked.map((event) => {
    seq += 1;
    const hash = hashEvent({ ...event, seq, previousHash });
    const linked = { ...event, seq, previousHash, hash };
    previousHash = hash;
    return linked;
  });
}

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

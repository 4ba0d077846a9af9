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

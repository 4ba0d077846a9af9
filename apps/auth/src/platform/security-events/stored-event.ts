import { createHash } from 'node:crypto';

/** An event as it is in the chain. */
export interface StoredEvent {
  /** 1, 2, 3 … without a gap. */
  readonly seq: number;
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly type: string;
  readonly accountId: string | null;
  /** The members of the event that have no column of their own, as JSON. The text counts, not its meaning. */
  readonly detail: string;
  /** `hash` of the event before; {@link GENESIS_HASH} of the first one. */
  readonly previousHash: string;
  readonly hash: string;
}

/** What the hash is over, and what it is not yet. */
export type UnlinkedEvent = Omit<StoredEvent, 'seq' | 'previousHash' | 'hash'>;

/** Nothing was before the first event. */
export const GENESIS_HASH = 'A'.repeat(43);

/** Base64url of SHA-256 over a JSON array: its quotes and escapes leave no two events with one text. */
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

/** The columns of {@link UnlinkedEvent}. */
export const EVENT_COLUMNS = 'id, at, type, account_id AS "accountId", detail';

/** The columns of {@link StoredEvent}. */
export const CHAIN_COLUMNS = `seq, ${EVENT_COLUMNS}, previous_hash AS "previousHash", hash`;

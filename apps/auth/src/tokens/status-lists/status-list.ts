import { createHash, createHmac } from 'node:crypto';

/** Slots of a list. A list without a set bit has 128 KiB, and 149 bytes compressed. */
export const LIST_SIZE = 2 ** 20;

const HALF_BITS = 10;
const HALF = 2 ** HALF_BITS;
const ROUNDS = 8;

/**
 * Maps the n-th allocation of a list to a slot: a pseudo-random permutation, built as a balanced Feistel network with
 * HMAC-SHA-256. A slot reveals neither how many logins there were nor their order (draft-ietf-oauth-status-list §12.4), even to
 * an attacker who collects many slots.
 *
 * A permutation instead of a random free slot: a counter per list then guarantees over all replicas that no slot is allocated
 * twice (§13.3). A random slot would need a unique index on the status indexes of sessions and clients, and a retry in the
 * transaction of every login.
 *
 * @param n 0 to {@link LIST_SIZE} - 1
 * @param seed secret of the list
 */
export function permuteSlot(n: number, seed: string): number {
  let [left, right] = [Math.floor(n / HALF), n % HALF];
  for (let round = 0; round < ROUNDS; round += 1) {
    [left, right] = [right, left ^ runRoundFunction(seed, round, right)];
  }
  return left * HALF + right;
}

function runRoundFunction(seed: string, round: number, half: number): number {
  return createHmac('sha256', seed).update(`${round}.${half}`).digest().readUInt16BE() % HALF;
}

/** The status index: one number for a list and a slot in it, as the tables store it. */
export const toStatusIndex = (list: number, slot: number): number => list * LIST_SIZE + slot;
export const toListId = (index: number): number => Math.floor(index / LIST_SIZE);
export const toSlot = (index: number): number => index % LIST_SIZE;

export const STATUS_LISTS_PATH = '/oauth/status-lists';

/** The URI of the list of all status lists (draft-ietf-oauth-status-list §9). */
export const buildStatusListsUri = (issuer: string): string =>
  `${issuer.replace(/\/$/, '')}${STATUS_LISTS_PATH}`;

/** The URI of one list: `uri` in access tokens and `sub` in the Status List Token, which must be equal (§5.1). */
export const buildStatusListUri = (issuer: string, list: number): string =>
  `${buildStatusListsUri(issuer)}/${list}`;

/** The byte array of a list without a revoked slot. */
const ALL_VALID = Buffer.alloc(LIST_SIZE / 8);

/** All lists and their set bits at one moment. */
export class StatusSnapshot {
  private readonly bytesByList = new Map<number, Buffer>();
  private readonly digests = new Map<number, string>();

  constructor(
    readonly lists: readonly number[],
    revokedIndexes: readonly number[],
  ) {
    for (const index of revokedIndexes) this.markRevoked(toListId(index), toSlot(index));
  }

  hasList(list: number): boolean {
    return this.lists.includes(list);
  }

  /** One bit per slot: 0 is VALID, 1 is INVALID (draft-ietf-oauth-status-list §4.1, §7.1). */
  getBytes(list: number): Buffer {
    return this.bytesByList.get(list) ?? ALL_VALID;
  }

  computeDigest(list: number): string {
    const cached = this.digests.get(list);
    if (cached !== undefined) return cached;
    const digest = createHash('sha256').update(this.getBytes(list)).digest('base64url');
    this.digests.set(list, digest);
    return digest;
  }

  /** "… packed into bytes from the least significant bit" (§4.1). */
  private markRevoked(list: number, slot: number): void {
    const bytes = this.bytesByList.get(list) ?? Buffer.alloc(LIST_SIZE / 8);
    bytes[slot >> 3] = (bytes[slot >> 3] ?? 0) | (1 << (slot & 7));
    this.bytesByList.set(list, bytes);
  }
}

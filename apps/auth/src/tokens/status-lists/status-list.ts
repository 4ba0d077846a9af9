import { createHash, createHmac } from 'node:crypto';

/** How many places a list has. As a byte array without a set bit it is 128 KiB, and compressed 149 bytes. */
export const LIST_SIZE = 2 ** 20;

const HALF_BITS = 10;
const HALF = 2 ** HALF_BITS;
const ROUNDS = 8;

/**
 * The place in its list that the n-th to come is given: a pseudo-random permutation (a balanced Feistel network whose
 * rounds are HMAC-SHA-256), so that a place tells neither how many logins there were nor who came after whom
 * (draft-ietf-oauth-status-list §12.4), even to somebody who has collected many places of his own.
 *
 * @param n 0 to {@link LIST_SIZE} - 1
 * @param seed the list's, known to nobody outside
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

/** One number for a list and a place in it, as it is stored with a session. */
export const toStatusIndex = (list: number, place: number): number => list * LIST_SIZE + place;
export const toListId = (index: number): number => Math.floor(index / LIST_SIZE);
export const toSlot = (index: number): number => index % LIST_SIZE;

export const STATUS_LISTS_PATH = '/oauth/status-lists';

/** Where all lists are listed (draft-ietf-oauth-status-list §9). */
export const buildStatusListsUri = (issuer: string): string =>
  `${issuer.replace(/\/$/, '')}${STATUS_LISTS_PATH}`;

/** What `uri` in tokens and `sub` in the list's own token say: they must be equal (§5.1). */
export const buildStatusListUri = (issuer: string, list: number): string =>
  `${buildStatusListsUri(issuer)}/${list}`;

/** The byte array of a list in which nothing ended. */
const ALL_VALID = Buffer.alloc(LIST_SIZE / 8);

/** Which lists there are, and what is set in them, at one moment. */
export class StatusSnapshot {
  private readonly bytesByList = new Map<number, Buffer>();
  private readonly digests = new Map<number, string>();

  constructor(
    readonly lists: readonly number[],
    ended: readonly number[],
  ) {
    for (const index of ended) this.markRevoked(toListId(index), toSlot(index));
  }

  hasList(list: number): boolean {
    return this.lists.includes(list);
  }

  /** One bit for each place, 0 VALID and 1 INVALID (draft-ietf-oauth-status-list §4.1, §7.1). */
  getBytes(list: number): Buffer {
    return this.bytesByList.get(list) ?? ALL_VALID;
  }

  computeDigest(list: number): string {
    const known = this.digests.get(list);
    if (known !== undefined) return known;
    const digest = createHash('sha256').update(this.getBytes(list)).digest('base64url');
    this.digests.set(list, digest);
    return digest;
  }

  /** "… packed into bytes from the least significant bit" (§4.1). */
  private markRevoked(list: number, place: number): void {
    const bytes = this.bytesByList.get(list) ?? Buffer.alloc(LIST_SIZE / 8);
    bytes[place >> 3] = (bytes[place >> 3] ?? 0) | (1 << (place & 7));
    this.bytesByList.set(list, bytes);
  }
}

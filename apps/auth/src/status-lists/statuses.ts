import { createHash } from 'node:crypto';
import { LIST_SIZE, listOf, placeIn } from './status-index.js';

/** The byte array of a list in which nothing ended. */
const ALL_VALID = Buffer.alloc(LIST_SIZE / 8);

/** Which lists there are, and what is set in them, at one moment. */
export class Statuses {
  private readonly arrays = new Map<number, Buffer>();
  private readonly digests = new Map<number, string>();

  constructor(
    readonly lists: readonly number[],
    ended: readonly number[],
  ) {
    for (const index of ended) this.set(listOf(index), placeIn(index));
  }

  has(list: number): boolean {
    return this.lists.includes(list);
  }

  /** One bit for each place, 0 VALID and 1 INVALID (draft-ietf-oauth-status-list §4.1, §7.1). */
  bytesOf(list: number): Buffer {
    return this.arrays.get(list) ?? ALL_VALID;
  }

  digestOf(list: number): string {
    const known = this.digests.get(list);
    if (known !== undefined) return known;
    const digest = createHash('sha256').update(this.bytesOf(list)).digest('base64url');
    this.digests.set(list, digest);
    return digest;
  }

  /** "… packed into bytes from the least significant bit" (§4.1). */
  private set(list: number, place: number): void {
    const bytes = this.arrays.get(list) ?? Buffer.alloc(LIST_SIZE / 8);
    bytes[place >> 3] = (bytes[place >> 3] ?? 0) | (1 << (place & 7));
    this.arrays.set(list, bytes);
  }
}

const BITS_PER_ENTRY = 16;

/**
 * Remembers, in little memory, which tokens were seen (a Bloom filter). It may take a new one for seen, less than
 * once in two hundred times, and forgets them all when it has noted as many as it is for.
 */
export class BloomFilter {
  private readonly bits: Uint8Array;
  private size = 0;

  constructor(private readonly capacity: number) {
    this.bits = new Uint8Array((capacity * BITS_PER_ENTRY) / 8);
  }

  /** @param digest at least 12 bytes that nobody can choose, one to a character */
  addIfAbsent(digest: string): boolean {
    const places = [readUint32(digest, 0), readUint32(digest, 4), readUint32(digest, 8)];
    const before = places.filter((place) => this.setBit(place % (this.bits.length * 8)));
    if (before.length === places.length) return false;
    this.size += 1;
    if (this.size > this.capacity) this.clear();
    return true;
  }

  /** Whether it had been noted. */
  private setBit(place: number): boolean {
    const byte = this.bits[place >> 3] ?? 0;
    const bit = 1 << (place & 7);
    this.bits[place >> 3] = byte | bit;
    return (byte & bit) !== 0;
  }

  private clear(): void {
    this.bits.fill(0);
    this.size = 0;
  }
}

/** Four bytes as an unsigned number. */
function readUint32(digest: string, at: number): number {
  const byte = (i: number) => digest.charCodeAt(at + i);
  return ((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) >>> 0;
}

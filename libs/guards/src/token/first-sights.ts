const BITS_PER_TOKEN = 16;

/**
 * Remembers, in little memory, which tokens were seen (a Bloom filter). It may take a new one for seen, less than
 * once in two hundred times, and forgets them all when it has noted as many as it is for.
 */
export class FirstSights {
  private readonly bits: Uint8Array;
  private noted = 0;

  constructor(private readonly capacity: number) {
    this.bits = new Uint8Array((capacity * BITS_PER_TOKEN) / 8);
  }

  /** @param digest at least 12 bytes that nobody can choose, one to a character */
  isFirst(digest: string): boolean {
    const places = [word(digest, 0), word(digest, 4), word(digest, 8)];
    const before = places.filter((place) => this.note(place % (this.bits.length * 8)));
    if (before.length === places.length) return false;
    this.noted += 1;
    if (this.noted > this.capacity) this.forget();
    return true;
  }

  /** Whether it had been noted. */
  private note(place: number): boolean {
    const byte = this.bits[place >> 3] ?? 0;
    const bit = 1 << (place & 7);
    this.bits[place >> 3] = byte | bit;
    return (byte & bit) !== 0;
  }

  private forget(): void {
    this.bits.fill(0);
    this.noted = 0;
  }
}

/** Four bytes as an unsigned number. */
function word(digest: string, at: number): number {
  const byte = (i: number) => digest.charCodeAt(at + i);
  return ((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) >>> 0;
}

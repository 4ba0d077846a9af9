import { ProofsUnavailable } from './proof-refusals.js';

/** Remembers which proofs were used (RFC 9449 §11.1). */
export interface UsedProofs {
  /**
   * Of any number of callers at once, exactly one must be told true. What it throws is answered 503.
   *
   * @param id 43 characters that name the proof
   * @param goodUntil until when it must be remembered, in epoch milliseconds
   * @returns false where it was used before
   */
  use(id: string, goodUntil: number): boolean | Promise<boolean>;
}

interface Generation {
  readonly ids: Set<string>;
  /** When the last of them may be forgotten. */
  until: number;
}

/** Those of this process. A generation is forgotten as a whole, so that no request pays for a search. */
export class UsedProofsInMemory implements UsedProofs {
  private older: Generation = { ids: new Set(), until: 0 };
  private younger: Generation = { ids: new Set(), until: 0 };

  constructor(
    private readonly maxProofs: number,
    private readonly now: () => number,
  ) {}

  /** @throws ProofsUnavailable when there is no room: to forget one would be to accept it twice */
  use(id: string, goodUntil: number): boolean {
    const now = this.now();
    if (now > this.older.until) this.forgetOlder();
    if (this.older.ids.has(id) || this.younger.ids.has(id)) return false;
    if (this.size >= this.maxProofs) {
      throw new ProofsUnavailable(Math.ceil((this.older.until - now) / 1000) + 1);
    }
    this.younger.ids.add(id);
    this.younger.until = Math.max(this.younger.until, goodUntil);
    return true;
  }

  get size(): number {
    return this.older.ids.size + this.younger.ids.size;
  }

  private forgetOlder(): void {
    this.older = this.younger;
    this.younger = { ids: new Set(), until: 0 };
  }
}

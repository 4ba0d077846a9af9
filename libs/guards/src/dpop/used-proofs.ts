import { ProofsUnavailable } from '../nest/bearer-error.js';

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
export class InMemoryUsedProofs implements UsedProofs {
  private previous: Generation = { ids: new Set(), until: 0 };
  private current: Generation = { ids: new Set(), until: 0 };

  constructor(
    private readonly maxProofs: number,
    private readonly now: () => number,
  ) {}

  /** @throws ProofsUnavailable when there is no room: to forget one would be to accept it twice */
  use(id: string, goodUntil: number): boolean {
    const now = this.now();
    if (now > this.previous.until) this.dropPrevious();
    if (this.previous.ids.has(id) || this.current.ids.has(id)) return false;
    if (this.size >= this.maxProofs) {
      throw new ProofsUnavailable(Math.ceil((this.previous.until - now) / 1000) + 1);
    }
    this.current.ids.add(id);
    this.current.until = Math.max(this.current.until, goodUntil);
    return true;
  }

  get size(): number {
    return this.previous.ids.size + this.current.ids.size;
  }

  private dropPrevious(): void {
    this.previous = this.current;
    this.current = { ids: new Set(), until: 0 };
  }
}

import type { ResolvedVerifierOptions } from '../core/verifier.options.js';
import { ProofsUnavailable } from './bearer-errors.js';

/** A store of used proofs (RFC 9449 §11.1). */
export interface UsedProofs {
  /**
   * Records the use of a proof. Of several concurrent calls with the same id, exactly one must return true. An error is
   * answered with 503.
   *
   * @param id identifier of the proof, 43 characters
   * @param goodUntil how long the store must keep it, in epoch milliseconds
   * @returns false if the proof was used before
   */
  use(id: string, goodUntil: number): boolean | Promise<boolean>;
}

interface Generation {
  readonly ids: Set<string>;
  /** When the last of the ids may be deleted, in epoch milliseconds and in monotonic milliseconds. */
  until: number;
  untilAt: number;
}

const noProofs = (): Generation => ({ ids: new Set(), until: -Infinity, untilAt: -Infinity });

/**
 * The used proofs of this process. Deletes a whole generation at once, so that no request searches for expired ones, and
 * only when it is over by both clocks: a clock that was ahead and is set back would make its proofs valid again.
 */
export class InMemoryUsedProofs implements UsedProofs {
  private previous = noProofs();
  private current = noProofs();

  constructor(
    private readonly maxProofs: number,
    private readonly clocks: Pick<ResolvedVerifierOptions, 'now' | 'monotonicNow'>,
  ) {}

  /** @throws ProofsUnavailable when the store is full, because a deleted proof could be replayed */
  use(id: string, goodUntil: number): boolean {
    const now = this.clocks.now();
    const at = this.clocks.monotonicNow();
    if (now > this.previous.until && at > this.previous.untilAt) this.dropPrevious();
    if (this.previous.ids.has(id) || this.current.ids.has(id)) return false;
    if (this.size >= this.maxProofs) {
      const { until, untilAt } = this.previous;
      const seconds = Math.max(until - now, untilAt - at) / 1000 + 1;
      throw new ProofsUnavailable(seconds);
    }
    this.current.ids.add(id);
    this.current.until = Math.max(this.current.until, goodUntil);
    this.current.untilAt = Math.max(this.current.untilAt, at + goodUntil - now);
    return true;
  }

  get size(): number {
    return this.previous.ids.size + this.current.ids.size;
  }

  private dropPrevious(): void {
    this.previous = this.current;
    this.current = noProofs();
  }
}

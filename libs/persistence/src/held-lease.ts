import type { LeaseRepository } from './lease.repository.js';

/** Where the time comes from. A `Clock` of the service kit is one. */
export interface TimeSource {
  /** @returns milliseconds since the Unix epoch */
  now(): number;
  /** For durations within this process. @returns milliseconds since an arbitrary instant */
  monotonic(): number;
}

interface LeaseTerms {
  readonly name: string;
  readonly holder: string;
  readonly seconds: number;
}

/** One lease of this process: takes it, prolongs it, and knows until when it lasts. */
export class HeldLease {
  /** By the monotonic clock. */
  private expiresAt = Number.NEGATIVE_INFINITY;
  private pending: Promise<boolean> | undefined;

  constructor(
    private readonly leases: LeaseRepository,
    private readonly clock: TimeSource,
    private readonly terms: LeaseTerms,
  ) {}

  /**
   * Prolongs the lease when less than a third of its time remains, so an idle process writes little.
   *
   * @returns whether this process holds the lease
   */
  async ensure(): Promise<boolean> {
    const isLong = this.clock.monotonic() < this.expiresAt - (this.terms.seconds / 3) * 1000;
    if (isLong) return true;
    this.pending ??= this.acquire().finally(() => {
      this.pending = undefined;
    });
    return this.pending;
  }

  /** Another replica can then take the lease at once. */
  async release(): Promise<void> {
    if (!this.wasHeld) return;
    this.expiresAt = Number.NEGATIVE_INFINITY;
    await this.leases.release(this.terms.name, this.terms.holder);
  }

  private get wasHeld(): boolean {
    return this.expiresAt !== Number.NEGATIVE_INFINITY;
  }

  private async acquire(): Promise<boolean> {
    const { name, holder, seconds } = this.terms;
    const startedAt = this.clock.monotonic();
    const request = { holder, now: this.clock.now(), seconds };
    const isProlonged = this.wasHeld && (await this.leases.prolong(name, request));
    const isHeld = isProlonged || (await this.leases.acquire(name, request));
    this.expiresAt = isHeld ? startedAt + seconds * 1000 : Number.NEGATIVE_INFINITY;
    return isHeld;
  }
}

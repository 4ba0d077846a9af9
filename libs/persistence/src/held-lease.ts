import type { LeaseRepository } from './lease.repository.js';

/** Where the time comes from. A `Clock` of the service kit is one. */
export interface TimeSource {
  /** @returns milliseconds since the Unix epoch */
  now(): number;
}

interface LeaseTerms {
  readonly name: string;
  readonly holder: string;
  readonly seconds: number;
}

/** One lease of this process: takes it, prolongs it, and knows until when it lasts. */
export class HeldLease {
  private expiresAt = 0;
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
    const now = this.clock.now();
    if (now < this.expiresAt - (this.terms.seconds / 3) * 1000) return true;
    this.pending ??= this.acquire(now).finally(() => {
      this.pending = undefined;
    });
    return this.pending;
  }

  /** Another replica can then take the lease at once. */
  async release(): Promise<void> {
    if (this.expiresAt === 0) return;
    this.expiresAt = 0;
    await this.leases.release(this.terms.name, this.terms.holder);
  }

  private async acquire(now: number): Promise<boolean> {
    const { name, holder, seconds } = this.terms;
    const isHeld = await this.leases.acquire(name, { holder, now, seconds });
    this.expiresAt = isHeld ? now + seconds * 1000 : 0;
    return isHeld;
  }
}

import type { RevocationReason } from '../../src/platform/security-events/security-event.js';

export const GRACE = 10;
export const IDLE = 1_000;
export const ABSOLUTE = 5_000;
export const OWNER = 'owner';
/** A rotation, or a request, that takes longer waited for a stall. */
const SLOW = 1;
const DEADLINE = 20;

/** The generation of the successor. A request that must be sent again changed nothing. */
export type Outcome = number | 'rejected' | 'ask again';

/** The state table as a model without database and tokens: two numbers and a few instants, in seconds. */
export class RefreshTokenModel {
  generation = 0;
  endReason: RevocationReason | null = null;
  private rotatedAt: number;
  private idleExpiry: number;
  private readonly absoluteExpiry: number;

  /** @param stampsAtEnd SQLite's writer prepares a statement when it runs; PostgreSQL's when it is sent */
  constructor(
    public now: number,
    private readonly stampsAtEnd: boolean,
  ) {
    this.rotatedAt = now;
    this.idleExpiry = now + IDLE;
    this.absoluteExpiry = now + ABSOLUTE;
  }

  advance(seconds: number): void {
    this.now += seconds;
  }

  revoke(reason: RevocationReason): void {
    this.endReason ??= reason;
  }

  /** A request that does not wait. */
  use(generation: number, client: string): Outcome {
    const read = this.read(generation, client, this.now);
    return read === 'current' ? this.write(generation, this.now) : read;
  }

  /** The first half of a request: the server reads the row, `now - arrivedAt` seconds after the request arrived. */
  read(generation: number, client: string, arrivedAt: number): Outcome | 'current' {
    if (client !== OWNER) return 'rejected';
    if (this.isOver(arrivedAt)) return this.refuse(arrivedAt);
    if (generation === this.generation) return 'current';
    if (this.isWithinWindow(generation, arrivedAt)) return this.generation;
    if (this.isUndecided(generation, arrivedAt) || this.isLate(arrivedAt)) return 'ask again';
    this.endReason = generation > this.generation ? 'rolled_back' : 'reuse';
    return 'rejected';
  }

  /**
   * The second half of a request that read the row as current.
   * @param seconds the write takes
   */
  write(generation: number, arrivedAt: number, seconds = 0): Outcome {
    const sentAt = this.now;
    this.now += seconds;
    const stampedAt = this.stampsAtEnd ? this.now : sentAt;
    if (stampedAt - arrivedAt >= DEADLINE) return 'ask again';
    if (this.endReason) return this.refuse(arrivedAt);
    if (generation === this.generation) {
      this.generation += 1;
      this.rotatedAt = this.now;
      this.idleExpiry = stampedAt + IDLE;
      return this.generation;
    }
    if (this.isOver(arrivedAt)) return this.refuse(arrivedAt);
    return generation === this.generation - 1 ? this.generation : 'ask again';
  }

  private isOver(arrivedAt: number): boolean {
    const expiry = Math.min(this.idleExpiry, this.absoluteExpiry);
    return this.endReason !== null || arrivedAt >= expiry;
  }

  private isWithinWindow(generation: number, arrivedAt: number): boolean {
    return generation === this.generation - 1 && arrivedAt < this.rotatedAt + GRACE;
  }

  /** The rotation that a slow read found can lack its second stamp. */
  private isUndecided(generation: number, arrivedAt: number): boolean {
    if (generation > this.generation) return false;
    const isOlder = generation < this.generation - 1;
    return this.now - arrivedAt > SLOW || (isOlder && arrivedAt < this.rotatedAt);
  }

  private isLate(arrivedAt: number): boolean {
    return this.now - arrivedAt >= DEADLINE;
  }

  private refuse(arrivedAt: number): Outcome {
    return this.isLate(arrivedAt) ? 'ask again' : 'rejected';
  }
}

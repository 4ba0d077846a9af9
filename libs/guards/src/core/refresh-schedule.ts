/** Fraction of a set's life after which it is fetched again, while the old one is still good. */
const REFRESH_AFTER_FRACTION = 0.75;

const BACK_OFF_MS = { first: 1000, most: 30_000 };

/** When the key set may, should and must be fetched. Only arithmetic; every argument `now` is in epoch milliseconds. */
export class RefreshSchedule {
  private refreshAt = -Infinity;
  private freshUntil = -Infinity;
  private usableUntil = -Infinity;
  private attemptedAt = -Infinity;
  private succeededAt = -Infinity;
  private retryAt = -Infinity;
  private failures = 0;

  constructor(
    private readonly cooldownMs: number,
    private readonly maxStaleMs: number,
  ) {}

  recordAttempt(now: number): void {
    this.attemptedAt = now;
  }

  recordSuccess(now: number, lifetimeMs: number): void {
    this.failures = 0;
    this.succeededAt = now;
    this.retryAt = -Infinity;
    this.refreshAt = now + lifetimeMs * REFRESH_AFTER_FRACTION;
    this.freshUntil = now + lifetimeMs;
    this.usableUntil = this.freshUntil + this.maxStaleMs;
  }

  /** Jittered, so that replicas that failed together do not come back together. */
  recordFailure(now: number): void {
    const wait = Math.min(BACK_OFF_MS.most, BACK_OFF_MS.first * 2 ** this.failures);
    this.failures += 1;
    this.retryAt = now + wait * (0.5 + Math.random() / 2);
  }

  /** How long ago it last succeeded; infinite where it never did. */
  ageMs(now: number): number {
    return now - this.succeededAt;
  }

  get isFailing(): boolean {
    return this.failures > 0;
  }

  isUsable(now: number): boolean {
    return now < this.usableUntil;
  }

  isDue(now: number): boolean {
    return now >= this.refreshAt && now >= this.retryAt;
  }

  /** A set that has had its time is not used unasked; once the issuer is known to be down, nobody waits for it. */
  shouldAwaitRefresh(now: number): boolean {
    return !this.isUsable(now) || (now >= this.freshUntil && !this.isFailing);
  }

  refreshSoon(now: number): void {
    this.refreshAt = Math.min(this.refreshAt, Math.max(now, this.attemptedAt + this.cooldownMs));
  }

  canFetchForUnknownKey(now: number): boolean {
    return now >= this.attemptedAt + this.cooldownMs && now >= this.retryAt;
  }

  retryAfterSeconds(now: number): number {
    return Math.max(1, Math.ceil((this.retryAt - now) / 1000));
  }
}

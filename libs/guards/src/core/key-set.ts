import type { KeySetSource } from './key-set-source.js';
import { quoteValue, UnavailableError } from './token-error.js';
import { describeSkippedKey, type ParsedKeySet, type VerificationKey } from './verification-key.js';
import type { ResolvedVerifierOptions } from './verifier.options.js';

/** The set is fetched again after this fraction of its lifetime, while the old one is still usable. */
const REFRESH_AFTER_FRACTION = 0.75;

const BACK_OFF_MS = { first: 1000, max: 30_000 };

/** Doubles with every failure. The jitter keeps replicas that failed together from retrying together. */
export function computeBackOffMs(
  failures: number,
  { first, max }: { readonly first: number; readonly max: number },
): number {
  return Math.min(max, first * 2 ** Math.min(failures, 16)) * (0.5 + Math.random() / 2);
}

/** Decides when the key set may, should and must be fetched. Pure arithmetic; each time is in monotonic milliseconds. */
class RefreshSchedule {
  succeededAt = -Infinity;
  retryAt = -Infinity;
  failures = 0;
  private attemptedAt = -Infinity;
  private refreshAt = -Infinity;
  private freshUntil = -Infinity;

  constructor(
    private readonly cooldownMs: number,
    private readonly maxStaleMs: number,
  ) {}

  recordAttempt(at: number): void {
    this.attemptedAt = at;
  }

  recordSuccess(at: number, lifetimeMs: number): void {
    this.failures = 0;
    this.succeededAt = at;
    this.retryAt = -Infinity;
    this.refreshAt = at + lifetimeMs * REFRESH_AFTER_FRACTION;
    this.freshUntil = at + lifetimeMs;
  }

  recordFailure(at: number): void {
    this.retryAt = at + computeBackOffMs(this.failures, BACK_OFF_MS);
    this.failures += 1;
  }

  isUsable(at: number): boolean {
    return at < this.freshUntil + this.maxStaleMs;
  }

  isDue(at: number): boolean {
    return at >= this.refreshAt && at >= this.retryAt;
  }

  /** A request waits for the fetch when the set is stale, unless the issuer is known to be down. */
  shouldAwaitRefresh(at: number): boolean {
    return !this.isUsable(at) || (at >= this.freshUntil && this.failures === 0);
  }

  refreshSoon(at: number): void {
    this.refreshAt = Math.min(this.refreshAt, Math.max(at, this.attemptedAt + this.cooldownMs));
  }

  canFetchForUnknownKey(at: number): boolean {
    return at >= this.attemptedAt + this.cooldownMs && at >= this.retryAt;
  }
}

/**
 * All keys of one issuer. The set is fetched when a token needs it, with at most one fetch at a time. A token with a
 * known key never waits because of a token with an unknown one.
 */
export class KeySet {
  private keys: ReadonlyMap<string, VerificationKey> = new Map();
  private skipped: ParsedKeySet['skipped'] = [];
  private refreshing: Promise<void> | undefined;
  private lastFailure: unknown;
  /** Replaced when an outage begins. */
  private outage: object = {};
  private readonly schedule: RefreshSchedule;
  /** In monotonic milliseconds. Later the issuer must be resolved again, and no cached token is accepted. */
  trustedUntil = Infinity;

  constructor(
    private readonly options: Pick<ResolvedVerifierOptions, 'keySet' | 'monotonicNow'>,
    private readonly source: KeySetSource,
  ) {
    const { cooldownSeconds, maxStaleSeconds } = options.keySet;
    this.schedule = new RefreshSchedule(cooldownSeconds * 1000, maxStaleSeconds * 1000);
  }

  /**
   * Resolves when tokens can be verified, and fetches the keys first if there are none. For readiness probes.
   *
   * @throws UnavailableError `keys_unavailable`
   */
  async ready(): Promise<void> {
    const at = this.options.monotonicNow();
    if (this.schedule.isDue(at)) {
      const refreshed = this.refresh();
      if (this.schedule.shouldAwaitRefresh(at)) await refreshed;
    }
    if (!this.schedule.isUsable(this.options.monotonicNow())) throw this.toUnavailableError();
  }

  /** Age of the set in seconds, infinite before the first fetch. For monitoring. */
  get ageSeconds(): number {
    return (this.options.monotonicNow() - this.schedule.succeededAt) / 1000;
  }

  /**
   * The key with this identifier, if it is known without waiting. Starts a fetch in the background when the set has
   * used up most of its lifetime.
   *
   * @param at in monotonic milliseconds
   */
  findCached(kid: string, at: number): VerificationKey | undefined {
    if (at >= this.trustedUntil || this.schedule.shouldAwaitRefresh(at)) return undefined;
    if (this.schedule.isDue(at)) void this.refresh();
    return this.keys.get(kid);
  }

  /**
   * The key with this identifier, or undefined when the issuer does not publish one.
   *
   * @throws UnavailableError `keys_unavailable` when the issuer cannot be reached
   */
  async find(kid: string): Promise<VerificationKey | undefined> {
    await this.ready();
    return this.keys.get(kid) ?? this.refetchUnknown(kid);
  }

  /** The issuer may have published the key since. One cooldown covers all unknown identifiers of this process. */
  private async refetchUnknown(kid: string): Promise<VerificationKey | undefined> {
    const canFetch = this.schedule.canFetchForUnknownKey(this.options.monotonicNow());
    if (canFetch || this.refreshing) await this.refresh();
    const key = this.keys.get(kid);
    if (!key && this.schedule.failures > 0) throw this.toUnavailableError();
    return key;
  }

  /** Called when another source shows that the keys have changed. Fetches at, or when the cooldown is over. */
  refreshSoon(): void {
    // A running fetch may return the keys from before the change.
    if (this.refreshing) return void this.refreshing.then(() => this.refreshSoon());
    const at = this.options.monotonicNow();
    this.schedule.refreshSoon(at);
    if (this.schedule.isDue(at)) void this.refresh();
  }

  private refresh(): Promise<void> {
    this.refreshing ??= this.fetch().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  /** Never rejects, because each caller decides whether the old keys are still usable. */
  private async fetch(): Promise<void> {
    this.schedule.recordAttempt(this.options.monotonicNow());
    try {
      const { keys, skipped, lifetimeMs } = await this.source.fetch();
      this.skipped = skipped;
      this.keys = this.reuseUnchangedKeys(keys);
      this.schedule.recordSuccess(this.options.monotonicNow(), lifetimeMs);
    } catch (error) {
      this.lastFailure = error;
      if (this.schedule.failures === 0) this.outage = {};
      this.schedule.recordFailure(this.options.monotonicNow());
    }
  }

  /** An unchanged key keeps its object, because the token cache compares keys by identity. */
  private reuseUnchangedKeys(fetched: ReadonlyMap<string, VerificationKey>) {
    return new Map(
      [...fetched].map(([kid, key]) => {
        const known = this.keys.get(kid);
        return [kid, known && key.equals(known) ? known : key];
      }),
    );
  }

  /** Why {@link find} returned no key. */
  describeMissingKey(kid: string): string {
    const skipped = this.skipped.find((key) => key.kid === kid);
    return skipped ? describeSkippedKey(skipped) : `The key set has no key ${quoteValue(kid)}`;
  }

  private toUnavailableError(): UnavailableError {
    const seconds = (this.schedule.retryAt - this.options.monotonicNow()) / 1000;
    const { lastFailure: cause, outage } = this;
    return new UnavailableError('keys_unavailable', seconds, { cause, outage });
  }
}

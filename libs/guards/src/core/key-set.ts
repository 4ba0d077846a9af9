import { createKeySource, type FetchOptions } from './key-set-source.js';
import { quoteValue, UnavailableError } from './token-error.js';
import { describeSkippedKey, type ParsedKeySet, type VerificationKey } from './verification-key.js';
import type { ResolvedIssuer, ResolvedVerifierOptions } from './verifier.options.js';

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

/**
 * All keys of one issuer. The set is fetched when a token needs it, with at most one fetch at a time. A token with a
 * known key never waits because of a token with an unknown one. Each time is in monotonic milliseconds.
 */
export class KeySet {
  private keys: ReadonlyMap<string, VerificationKey> = new Map();
  private skipped: ParsedKeySet['skipped'] = [];
  private refreshing: Promise<void> | undefined;
  private failures = 0;
  private lastFailure: unknown;
  /** Replaced when an outage begins. */
  private outage: object = {};
  private succeededAt = -Infinity;
  private attemptedAt = -Infinity;
  private retryAt = -Infinity;
  private refreshAt = -Infinity;
  private freshUntil = -Infinity;
  /** Later the issuer must be resolved again, and no cached token is accepted. */
  trustedUntil = Infinity;
  private readonly fetchKeys: ReturnType<typeof createKeySource>;

  constructor(
    rules: ResolvedIssuer,
    private readonly options: FetchOptions & Pick<ResolvedVerifierOptions, 'monotonicNow'>,
  ) {
    this.fetchKeys = createKeySource(rules, options);
  }

  /**
   * Resolves when tokens can be verified, and fetches the keys first if there are none. For readiness probes.
   *
   * @throws UnavailableError `keys_unavailable`
   */
  async ready(): Promise<void> {
    const at = this.options.monotonicNow();
    if (this.isDue(at)) {
      const refreshed = this.refresh();
      if (this.shouldAwaitRefresh(at)) await refreshed;
    }
    if (!this.isUsable(this.options.monotonicNow())) throw this.toUnavailableError();
  }

  /** Age of the set in seconds, infinite before the first fetch. For monitoring. */
  get ageSeconds(): number {
    return (this.options.monotonicNow() - this.succeededAt) / 1000;
  }

  /**
   * The key with this identifier, if it is known without waiting. Starts a fetch in the background when the set has
   * used up most of its lifetime.
   */
  findCached(kid: string, at: number): VerificationKey | undefined {
    if (at >= this.trustedUntil || this.shouldAwaitRefresh(at)) return undefined;
    if (this.isDue(at)) void this.refresh();
    return this.keys.get(kid);
  }

  /**
   * The key with this identifier, or undefined when the issuer does not publish one. For an unknown one, the set is
   * fetched again: one cooldown covers all unknown identifiers of this process.
   *
   * @throws UnavailableError `keys_unavailable` when the issuer cannot be reached
   */
  async find(kid: string): Promise<VerificationKey | undefined> {
    await this.ready();
    const known = this.keys.get(kid);
    if (known) return known;
    const at = this.options.monotonicNow();
    const canFetch =
      at >= this.attemptedAt + this.options.keySet.cooldownSeconds * 1000 && at >= this.retryAt;
    if (canFetch || this.refreshing) await this.refresh();
    const key = this.keys.get(kid);
    if (!key && this.failures > 0) throw this.toUnavailableError();
    return key;
  }

  /** Called when another source shows that the keys have changed. Fetches at, or when the cooldown is over. */
  refreshSoon(): void {
    // A running fetch may return the keys from before the change.
    if (this.refreshing) return void this.refreshing.then(() => this.refreshSoon());
    const at = this.options.monotonicNow();
    this.refreshAt = Math.min(
      this.refreshAt,
      Math.max(at, this.attemptedAt + this.options.keySet.cooldownSeconds * 1000),
    );
    if (this.isDue(at)) void this.refresh();
  }

  private isUsable(at: number): boolean {
    return at < this.freshUntil + this.options.keySet.maxStaleSeconds * 1000;
  }

  private isDue(at: number): boolean {
    return at >= this.refreshAt && at >= this.retryAt;
  }

  /** A request waits for the fetch when the set is stale, unless the issuer is known to be down. */
  private shouldAwaitRefresh(at: number): boolean {
    return !this.isUsable(at) || (at >= this.freshUntil && this.failures === 0);
  }

  private refresh(): Promise<void> {
    this.refreshing ??= this.fetch().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  /** Never rejects, because each caller decides whether the old keys are still usable. */
  private async fetch(): Promise<void> {
    this.attemptedAt = this.options.monotonicNow();
    try {
      const { keys, skipped, lifetimeMs } = await this.fetchKeys();
      this.skipped = skipped;
      this.keys = this.reuseUnchangedKeys(keys);
      this.failures = 0;
      this.succeededAt = this.options.monotonicNow();
      this.retryAt = -Infinity;
      this.refreshAt = this.succeededAt + lifetimeMs * REFRESH_AFTER_FRACTION;
      this.freshUntil = this.succeededAt + lifetimeMs;
    } catch (error) {
      this.lastFailure = error;
      if (this.failures === 0) this.outage = {};
      this.retryAt = this.options.monotonicNow() + computeBackOffMs(this.failures, BACK_OFF_MS);
      this.failures += 1;
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
    const { lastFailure: cause, outage } = this;
    const seconds = (this.retryAt - this.options.monotonicNow()) / 1000;
    return new UnavailableError('keys_unavailable', seconds, { cause, outage });
  }
}

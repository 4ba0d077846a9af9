import { malformedClaim } from '../core/claims.js';
import { computeBackOffMs, type KeySet } from '../core/key-set.js';
import { describeError, TokenError, UnavailableError } from '../core/token-error.js';
import type { ResolvedVerifierOptions } from '../core/verifier.options.js';
import type { FetchedList, StatusListSource } from './status-list-source.js';

export interface WatchOptions {
  readonly uri: string;
  readonly source: StatusListSource;
  readonly keySet: KeySet;
  readonly options: Pick<ResolvedVerifierOptions, 'statusLists' | 'now' | 'monotonicNow'>;
  /** How long tokens pass before the first fetch of the list has succeeded, in milliseconds. */
  readonly graceMs: number;
}

/** The index of a token in its list. */
export interface ListPosition {
  readonly index: number;
  /** `iat` of the token, in epoch milliseconds, rounded down to a second. */
  readonly issuedAt: number;
}

const SECOND_MS = 1000;

const FIRST_BACK_OFF_MS = 500;

/** A list is dropped when no token has referred to it for this time. */
const IDLE_MS = 3_600_000;

/** A fetch that begins this much later than planned shows that the process stood still, so earlier failures are history. */
const PAUSE_MS = 5000;

/**
 * One status list that is fetched again and again in the background. Requests use the last list. They wait only after a
 * pause of the process. Times are in monotonic milliseconds, so that a correction of the clock keeps no list fresh.
 */
export class WatchedList {
  isWatched = true;
  private fetched: FetchedList | undefined;
  private trustedUntil: number;
  private usedAt: number;
  private refreshAt = -Infinity;
  private failures = 0;
  private lastFailure: unknown;
  /** Replaced when an outage begins. */
  private outage: object = {};
  private kid: string | undefined;
  private refreshing: Promise<void> | undefined;
  private waiting: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly settings: WatchOptions) {
    this.usedAt = settings.options.monotonicNow();
    this.trustedUntil = this.usedAt + settings.graceMs;
  }

  /** When a token last referred to the list. */
  get lastUse(): number {
    return this.usedAt;
  }

  /** Checks one token. Starts a fetch that is due, because the timer may be late. */
  checkValid({ index, issuedAt }: ListPosition, at: number): void {
    this.usedAt = at;
    if (at >= this.refreshAt) void this.refresh();
    const { fetched } = this;
    const isValid = fetched?.token.list.isValid(index);
    if (isValid === false) throw new TokenError('revoked');
    const unavailable = this.findUnavailability(at);
    if (unavailable) throw unavailable;
    // Token Status List §8.3: an index outside of the list. A younger token may be covered by the next list.
    if (fetched && isValid === undefined && this.isOlderThan(fetched, issuedAt, at)) {
      throw malformedClaim('status.status_list.idx', 'a place in the list');
    }
  }

  get isLoaded(): boolean {
    return this.fetched !== undefined;
  }

  /** Undefined before the first fetch, and when the list is not watched any more. */
  findAgeSeconds(at: number): number | undefined {
    if (!this.isWatched || !this.fetched) return undefined;
    return Math.max(0, at - this.fetched.asOf) / 1000;
  }

  /** Resolves when no fetch is running. Never rejects. */
  async settled(): Promise<void> {
    await this.refreshing;
  }

  /** Set when the list is too old, and all tokens that refer to it are refused. */
  findUnavailability(at: number): UnavailableError | undefined {
    if (at < this.trustedUntil) return undefined;
    const { statusLists } = this.settings.options;
    return statusLists.whenUnavailable === 'refuse' ? this.toUnavailableError(at) : undefined;
  }

  /** Compares ages, because `iat` is an instant and the list has a monotonic time. */
  private isOlderThan({ asOf }: FetchedList, issuedAt: number, at: number): boolean {
    return this.settings.options.now() - issuedAt - SECOND_MS >= at - asOf;
  }

  /** Counts as use, so that a published list is loaded before its first token. */
  markUsed(): void {
    this.usedAt = this.settings.options.monotonicNow();
    if (this.usedAt >= this.refreshAt) void this.refresh();
  }

  stop(): void {
    this.isWatched = false;
    clearTimeout(this.timer);
  }

  private toUnavailableError(at: number): UnavailableError {
    return new UnavailableError('status_unavailable', (this.refreshAt - at) / 1000, {
      cause: this.lastFailure,
      outage: this.outage,
      refreshing: this.failures === 0 ? this.refreshing && this.waitForRefresh() : undefined,
    });
  }

  /** One wait for all callers, which ends with the deadline of a fetch. */
  private waitForRefresh(): Promise<void> {
    const { timeoutMs } = this.settings.options.statusLists;
    this.waiting ??= settleWithin(timeoutMs, this.refreshing).finally(() => {
      this.waiting = undefined;
    });
    return this.waiting;
  }

  private refresh(): Promise<void> {
    this.refreshing ??= this.fetch().finally(() => {
      this.refreshing = undefined;
      this.scheduleRefresh();
    });
    return this.refreshing;
  }

  private async fetch(): Promise<void> {
    const { uri, source } = this.settings;
    if (this.settings.options.monotonicNow() - this.refreshAt > PAUSE_MS) this.failures = 0;
    // Keeps requests from starting a second fetch.
    this.refreshAt = Infinity;
    try {
      this.recordSuccess(await source.fetch(uri, this.failures === 0 ? this.fetched : undefined));
    } catch (failure) {
      this.recordFailure(failure);
    }
  }

  private recordSuccess(fetched: FetchedList): void {
    const { maxAgeSeconds, maxStaleSeconds } = this.settings.options.statusLists;
    const { token, asOf } = fetched;
    const at = this.settings.options.monotonicNow();
    const expiresAt = at + token.expiresAt - this.settings.options.now();
    this.failures = 0;
    this.fetched = fetched;
    this.trustedUntil = Math.min(asOf + maxStaleSeconds * 1000, expiresAt);
    // The next fetch starts at half of the allowed age, so that a failed fetch can be repeated in time.
    const wait = Math.min((maxAgeSeconds * 1000) / 2, Math.max(SECOND_MS, token.lifetimeMs));
    this.refreshAt = Math.max(asOf + wait, at + wait / 4);
    this.refreshKeysAfterRotation(token.kid);
  }

  /** An issuer may change its signing key because the previous one was compromised. */
  private refreshKeysAfterRotation(kid: string): void {
    const before = this.kid;
    this.kid = kid;
    if (before !== undefined && before !== kid) this.settings.keySet.refreshSoon();
  }

  private recordFailure(failure: unknown): void {
    const { options, uri } = this.settings;
    const max = options.statusLists.maxAgeSeconds * 1000;
    const wait = computeBackOffMs(this.failures, { first: FIRST_BACK_OFF_MS, max });
    if (this.failures === 0) this.outage = {};
    this.failures += 1;
    const words = `The status list ${uri} cannot be fetched: ${describeError(failure)}`;
    this.lastFailure = new Error(words, { cause: failure });
    this.refreshAt = options.monotonicNow() + wait;
  }

  private scheduleRefresh(): void {
    clearTimeout(this.timer);
    if (!this.isWatched) return;
    const at = this.settings.options.monotonicNow();
    if (at >= this.usedAt + IDLE_MS) return this.stop();
    this.timer = setTimeout(() => void this.refresh(), Math.max(0, this.refreshAt - at)).unref();
  }
}

/** Resolves when the work has ended, or after this time. */
async function settleWithin(timeoutMs: number, work: Promise<void> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs).unref();
  });
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}

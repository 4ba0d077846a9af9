import { malformedClaim } from '../core/claims.js';
import { computeBackOffMs, type KeySet } from '../core/key-set.js';
import { TokenError, UnavailableError } from '../core/token-error.js';
import type { ResolvedVerifierOptions } from '../core/verifier.options.js';
import type { FetchedList, StatusListSource } from './status-list-source.js';

export interface WatchOptions {
  readonly uri: string;
  readonly source: StatusListSource;
  readonly keySet: KeySet;
  readonly options: Pick<ResolvedVerifierOptions, 'statusLists' | 'now'>;
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

/**
 * One status list that is fetched again and again in the background. Requests use the last list and never wait. All
 * times are in epoch milliseconds.
 */
export class WatchedList {
  isWatched = true;
  private fetched: FetchedList | undefined;
  private trustedUntil: number;
  private usedAt: number;
  private refreshAt = -Infinity;
  private failures = 0;
  private lastFailure: unknown;
  private kid: string | undefined;
  private refreshing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly settings: WatchOptions) {
    this.usedAt = settings.options.now();
    this.trustedUntil = this.usedAt + settings.graceMs;
  }

  /** When a token last referred to the list. */
  get lastUse(): number {
    return this.usedAt;
  }

  /** Checks one token. Starts a fetch that is due, because the timer may be late. */
  checkValid({ index, issuedAt }: ListPosition, now: number): void {
    this.usedAt = now;
    if (now >= this.refreshAt) void this.refresh();
    const { fetched } = this;
    const isValid = fetched?.token.list.isValid(index);
    if (isValid === false) throw new TokenError('revoked');
    this.checkAvailable(now);
    // Token Status List §8.3: an index outside of the list. A younger token may be covered by the next list.
    if (fetched && isValid === undefined && issuedAt + SECOND_MS <= fetched.asOf) {
      throw malformedClaim('status.status_list.idx', 'a place in the list');
    }
  }

  get isLoaded(): boolean {
    return this.fetched !== undefined;
  }

  /** Resolves when no fetch is running. Never rejects. */
  async settled(): Promise<void> {
    await this.refreshing;
  }

  /** @throws UnavailableError when the list is too old, and all tokens that refer to it are refused */
  checkAvailable(now: number): void {
    if (now < this.trustedUntil) return;
    const { statusLists } = this.settings.options;
    if (statusLists.whenUnavailable === 'refuse') throw this.toUnavailableError(now);
  }

  /** Counts as use, so that a published list is loaded before its first token. */
  markUsed(): void {
    this.usedAt = this.settings.options.now();
    if (this.usedAt >= this.refreshAt) void this.refresh();
  }

  stop(): void {
    this.isWatched = false;
    clearTimeout(this.timer);
  }

  private toUnavailableError(now: number): UnavailableError {
    const seconds = Math.max(1, Math.ceil((this.refreshAt - now) / 1000));
    return new UnavailableError('status_unavailable', seconds, this.lastFailure);
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
    const now = this.settings.options.now();
    this.failures = 0;
    this.fetched = fetched;
    this.trustedUntil = Math.min(asOf + maxStaleSeconds * 1000, token.expiresAt);
    // The next fetch starts at half of the allowed age, so that a failed fetch can be repeated in time.
    const wait = Math.min((maxAgeSeconds * 1000) / 2, Math.max(SECOND_MS, token.lifetimeMs));
    this.refreshAt = Math.max(asOf + wait, now + wait / 4);
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
    this.failures += 1;
    this.lastFailure = new Error(`The status list ${uri} cannot be fetched`, { cause: failure });
    this.refreshAt = options.now() + wait;
  }

  private scheduleRefresh(): void {
    clearTimeout(this.timer);
    if (!this.isWatched) return;
    const now = this.settings.options.now();
    if (now >= this.usedAt + IDLE_MS) return this.stop();
    this.timer = setTimeout(() => void this.refresh(), Math.max(0, this.refreshAt - now)).unref();
  }
}

import type { ResolvedGuardsOptions } from '../nest/guards.options.js';
import type { KeySet } from '../core/key-set.js';
import { InvalidToken, StatusUnavailable } from '../nest/bearer-error.js';
import { malformedClaim } from '../core/claims.js';
import type { FetchedList, StatusListSource } from './status-list-source.js';

/** Who fetches a list and why it matters. */
export interface WatchOptions {
  readonly uri: string;
  readonly source: StatusListSource;
  readonly keySet: KeySet;
  readonly options: Pick<ResolvedGuardsOptions, 'statusLists' | 'now'>;
  /** For how long tokens pass before there is a list at all, in milliseconds. */
  readonly graceMs: number;
}

/** Where a token is in its list. */
export interface ListPosition {
  readonly index: number;
  /** Of the token, in epoch milliseconds, rounded down to a second. */
  readonly issuedAt: number;
}

const SECOND_MS = 1000;

const FIRST_BACK_OFF_MS = 500;

/** A list that no token has referred to for so long is watched no longer. */
const IDLE_MS = 3_600_000;

/**
 * One status list, fetched again and again behind the back of the requests: they look at what is there, and never
 * wait. All times are in epoch milliseconds.
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

  /** When a token last referred to it. */
  get lastUse(): number {
    return this.usedAt;
  }

  /** Looks a token up. Starts a fetch in the background where one is due: a timer may come late. */
  checkValid({ index, issuedAt }: ListPosition, now: number): void {
    this.usedAt = now;
    if (now >= this.refreshAt) void this.refresh();
    const { fetched } = this;
    const isValid = fetched?.token.list.isValid(index);
    if (isValid === false) throw new InvalidToken('revoked');
    this.checkAvailable(now);
    // Token Status List §8.3: nothing can be said of such a token. One that is younger may be in the next list.
    if (fetched && isValid === undefined && issuedAt + SECOND_MS <= fetched.asOf) {
      throw malformedClaim('status.status_list.idx', 'a place in the list');
    }
  }

  get isLoaded(): boolean {
    return this.fetched !== undefined;
  }

  /** Resolves when no fetch is under way. Never rejects. */
  async settled(): Promise<void> {
    await this.refreshing;
  }

  /** @throws StatusUnavailable when tokens that refer to this list are refused, whatever it said of them */
  checkAvailable(now: number): void {
    if (now < this.trustedUntil) return;
    const { statusLists } = this.settings.options;
    if (statusLists.whenUnavailable === 'refuse') throw this.toUnavailableError(now);
  }

  /** It is in use, although no token has come. */
  markUsed(): void {
    this.usedAt = this.settings.options.now();
    if (this.usedAt >= this.refreshAt) void this.refresh();
  }

  stop(): void {
    this.isWatched = false;
    clearTimeout(this.timer);
  }

  private toUnavailableError(now: number): StatusUnavailable {
    const seconds = Math.max(1, Math.ceil((this.refreshAt - now) / 1000));
    return new StatusUnavailable(seconds, this.lastFailure);
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
    // Requests look at `refreshAt` alone, and have nothing to start meanwhile.
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
    // Half of the time is left for the next fetch, and for another one should it fail.
    const wait = Math.min((maxAgeSeconds * 1000) / 2, Math.max(SECOND_MS, token.lifetimeMs));
    this.refreshAt = Math.max(asOf + wait, now + wait / 4);
    this.refreshKeysAfterRotation(token.kid);
  }

  /** An issuer that begins to sign with another key has perhaps lost the one before. */
  private refreshKeysAfterRotation(kid: string): void {
    const before = this.kid;
    this.kid = kid;
    if (before !== undefined && before !== kid) this.settings.keySet.refreshSoon();
  }

  /** Jittered, so that replicas that failed together do not come back together. */
  private recordFailure(failure: unknown): void {
    const { options, uri } = this.settings;
    const wait = FIRST_BACK_OFF_MS * 2 ** Math.min(this.failures, 16);
    this.failures += 1;
    this.lastFailure = new Error(`The status list ${uri} cannot be had`, { cause: failure });
    const most = options.statusLists.maxAgeSeconds * 1000;
    this.refreshAt = options.now() + Math.min(wait, most) * (0.5 + Math.random() / 2);
  }

  private scheduleRefresh(): void {
    clearTimeout(this.timer);
    if (!this.isWatched) return;
    const now = this.settings.options.now();
    if (now >= this.usedAt + IDLE_MS) return this.stop();
    this.timer = setTimeout(() => void this.refresh(), Math.max(0, this.refreshAt - now)).unref();
  }
}

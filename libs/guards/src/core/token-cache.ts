import { hash } from 'node:crypto';
import type { AccessToken } from './access-token.js';
import type { KeySet } from './key-set.js';
import type { TokenStatus } from './trusted-issuer.js';
import type { VerificationKey } from './verification-key.js';

/** A member of a ring. */
class Entry<V> {
  older: Entry<V> = this;
  newer: Entry<V> = this;

  constructor(
    readonly key = '',
    readonly value?: V,
  ) {}

  /** Makes this entry the next older one of another. */
  insertBefore(other: Entry<V>): void {
    this.unlink();
    this.newer = other;
    this.older = other.older;
    this.older.newer = this;
    other.older = this;
  }

  unlink(): void {
    this.older.newer = this.newer;
    this.newer.older = this.older;
  }
}

/**
 * A map of bounded size that evicts the least recently used entry. Our own code, because `guards` adds no dependency
 * to a service, and because a package would not let the injected clock decide which entries are over. A linked list
 * keeps the order: re-inserting into a Map leaves a hole each time, and one popular key would pay for all of them.
 */
export class LeastRecentlyUsed<V> {
  private readonly entries = new Map<string, Entry<V>>();
  /** Between the newest entry, which is older, and the oldest, which is newer. */
  private readonly seam = new Entry<V>();

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.entries.size;
  }

  /** Deletes the least recently used entry if its value meets the condition. */
  deleteOldestIf(condition: (value: V) => boolean): void {
    const { key, value } = this.seam.newer;
    if (value !== undefined && condition(value)) this.delete(key);
  }

  get(key: string): V | undefined {
    const entry = this.entries.get(key);
    if (entry && entry !== this.seam.older) entry.insertBefore(this.seam);
    return entry?.value;
  }

  set(key: string, value: V): void {
    this.delete(key);
    const entry = new Entry(key, value);
    this.entries.set(key, entry);
    entry.insertBefore(this.seam);
    if (this.entries.size > this.capacity) this.delete(this.seam.newer.key);
  }

  delete(key: string): void {
    this.entries.get(key)?.unlink();
    this.entries.delete(key);
  }
}

/** A token that passed every check, and the conditions that must still hold when it is used again. */
export interface CachedToken {
  readonly token: AccessToken;
  readonly kid: string;
  readonly key: VerificationKey;
  readonly keySet: KeySet;
  readonly status: TokenStatus | undefined;
  /** In epoch milliseconds; never beyond `exp`. */
  readonly usableUntil: number;
}

/**
 * Verified tokens, by the SHA-256 of their whole text, so that the same claims under another signature are another
 * token. A token is stored when it is seen for the second time: if every token is new, storing each one costs more
 * than it saves.
 */
export class TokenCache {
  private readonly tokens: LeastRecentlyUsed<CachedToken>;
  private readonly seenOnce = new Set<string>();

  /** @param maxTokens capacity; 0 turns the cache off */
  constructor(private readonly maxTokens: number) {
    this.tokens = new LeastRecentlyUsed(maxTokens);
  }

  get size(): number {
    return this.tokens.size;
  }

  /** The cache key of a token; undefined when the cache is off. */
  digestOf(token: string): string | undefined {
    return this.maxTokens === 0 ? undefined : hash('sha256', token, 'binary');
  }

  /**
   * The token, if it is still valid: not expired, its key still in the issuer's set, and its session not revoked.
   *
   * @param at in monotonic milliseconds
   * @throws TokenError `revoked` or `status_unavailable`
   */
  get(digest: string, now: number, at: number): AccessToken | undefined {
    const cached = this.tokens.get(digest);
    if (!cached) return undefined;
    const { keySet, kid, key, usableUntil, token, status } = cached;
    const hasKnownStatus = status === undefined || status.isTracked;
    if (now < usableUntil && keySet.findCached(kid, at) === key && hasKnownStatus) {
      status?.checkValid(at);
      return token;
    }
    this.tokens.delete(digest);
    return undefined;
  }

  /** Deletes up to two expired tokens for each new one, so that memory follows the number of valid tokens. */
  set(digest: string, cached: CachedToken, now: number): void {
    if (this.isFirstSight(digest)) return;
    const hasExpired = ({ usableUntil }: CachedToken) => usableUntil <= now;
    this.tokens.deleteOldestIf(hasExpired);
    this.tokens.deleteOldestIf(hasExpired);
    this.tokens.set(digest, cached);
  }

  /** Deletes all digests when there are more than the cache has places. */
  private isFirstSight(digest: string): boolean {
    if (this.seenOnce.delete(digest)) return false;
    if (this.seenOnce.size > this.maxTokens) this.seenOnce.clear();
    this.seenOnce.add(digest);
    return true;
  }
}

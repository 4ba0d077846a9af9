import { hash } from 'node:crypto';
import type { TokenStatus } from '../status/status-lists.js';
import type { KeySet } from './key-set.js';
import type { VerificationKey } from './verification-key.js';
import type { AccessToken } from './access-token.js';
import { BloomFilter } from './bloom-filter.js';
import { LeastRecentlyUsed } from './least-recently-used.js';

/** A token that passed every check, and what must still hold for it to pass again. */
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
 * Tokens that were verified before, by the SHA-256 of their whole text, so that the same claims under another
 * signature are another token. A token is kept from its second sight on: where every token is new, keeping them
 * all costs more than it saves.
 */
export class TokenCache {
  private readonly tokens: LeastRecentlyUsed<CachedToken>;
  private readonly seenTokens: BloomFilter;

  /** @param maxTokens how many are kept; 0 keeps none */
  constructor(private readonly maxTokens: number) {
    this.tokens = new LeastRecentlyUsed(maxTokens);
    this.seenTokens = new BloomFilter(maxTokens);
  }

  get size(): number {
    return this.tokens.size;
  }

  /** The name of a token in here; undefined when nothing is kept. */
  digestOf(token: string): string | undefined {
    return this.maxTokens === 0 ? undefined : hash('sha256', token, 'binary');
  }

  /**
   * The token, if it still passes: in its time, its key still in the issuer's set, and its session not ended.
   *
   * @throws InvalidToken when its session has ended
   * @throws StatusUnavailable when that cannot be known now
   */
  get(digest: string, now: number): AccessToken | undefined {
    const verified = this.tokens.get(digest);
    if (!verified) return undefined;
    const { keySet, kid, key, usableUntil: until, token, status } = verified;
    const isLookedUp = status === undefined || status.list.isWatched;
    if (now < until && keySet.findCached(kid, now) === key && isLookedUp) {
      status?.checkValid(now);
      return token;
    }
    this.tokens.delete(digest);
    return undefined;
  }

  /** For each that comes, up to two whose time is over go: what is kept is what could be of use, and not all that there is room for. */
  set(digest: string, verified: CachedToken, now: number): void {
    if (this.seenTokens.addIfAbsent(digest)) return;
    const isOver = ({ usableUntil: until }: CachedToken) => until <= now;
    this.tokens.deleteOldestIf(isOver);
    this.tokens.deleteOldestIf(isOver);
    this.tokens.set(digest, verified);
  }
}

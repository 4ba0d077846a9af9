export interface CachedToken {
  readonly accessToken: string;
  /** Milliseconds since the epoch. After this time the cache no longer returns the token. */
  readonly usableUntil: number;
}

/**
 * A cache of access tokens. Simultaneous calls for the same key share one request. When it fails, all of them get the error,
 * and the next call tries again. This is our own code and not `lru-cache`, because it also removes tokens by their value.
 */
export class TokenCache {
  /** Least recently used first. */
  private readonly tokens = new Map<string, CachedToken>();
  private readonly pending = new Map<string, Promise<CachedToken>>();

  /** @param maxTokens when there are more, the least recently used token is removed */
  constructor(
    private readonly now: () => number,
    private readonly maxTokens: number,
  ) {}

  async get(key: string, fetchToken: () => Promise<CachedToken>): Promise<string> {
    const cached = this.tokens.get(key);
    if (cached && cached.usableUntil > this.now()) return this.store(key, cached).accessToken;
    const token = await (this.pending.get(key) ?? this.fetchOnce(key, fetchToken));
    return token.accessToken;
  }

  discard(accessToken: string): void {
    for (const [key, cached] of this.tokens) {
      if (cached.accessToken === accessToken) this.tokens.delete(key);
    }
  }

  private fetchOnce(key: string, fetchToken: () => Promise<CachedToken>): Promise<CachedToken> {
    const request = fetchToken()
      .then((token) => this.store(key, token))
      .finally(() => this.pending.delete(key));
    this.pending.set(key, request);
    return request;
  }

  private store(key: string, token: CachedToken): CachedToken {
    this.tokens.delete(key);
    this.tokens.set(key, token);
    const [oldest] = this.tokens.keys();
    if (this.tokens.size > this.maxTokens && oldest !== undefined) this.tokens.delete(oldest);
    return token;
  }
}

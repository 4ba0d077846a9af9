/** An access token, and until when it is handed out. */
export interface CachedToken {
  readonly accessToken: string;
  /** Milliseconds since the epoch. */
  readonly usableUntil: number;
}

/**
 * Tokens by what they are for. Of any number of callers who want the same one at once, one asks for it. A failure is told
 * to all who waited for it, and not remembered.
 */
export class TokenCache {
  /** In the order of their last use. */
  private readonly tokens = new Map<string, CachedToken>();
  private readonly pending = new Map<string, Promise<CachedToken>>();

  /** @param maxTokens how many tokens are kept; the one that was not used for the longest time goes first */
  constructor(
    private readonly now: () => number,
    private readonly maxTokens: number,
  ) {}

  async get(key: string, ask: () => Promise<CachedToken>): Promise<string> {
    const held = this.tokens.get(key);
    if (held && held.usableUntil > this.now()) return this.store(key, held).accessToken;
    const asked = this.pending.get(key) ?? this.fetchOnce(key, ask);
    return (await asked).accessToken;
  }

  discard(accessToken: string): void {
    for (const [key, held] of this.tokens) {
      if (held.accessToken === accessToken) this.tokens.delete(key);
    }
  }

  private fetchOnce(key: string, ask: () => Promise<CachedToken>): Promise<CachedToken> {
    const asked = ask()
      .then((token) => this.store(key, token))
      .finally(() => this.pending.delete(key));
    this.pending.set(key, asked);
    return asked;
  }

  private store(key: string, token: CachedToken): CachedToken {
    this.tokens.delete(key);
    this.tokens.set(key, token);
    const [oldest] = this.tokens.keys();
    if (this.tokens.size > this.maxTokens && oldest !== undefined) this.tokens.delete(oldest);
    return token;
  }
}

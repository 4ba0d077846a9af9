/** An access token, and until when it is handed out. */
export interface HeldToken {
  readonly accessToken: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/**
 * Tokens by what they are for. Of any number of callers who want the same one at once, one asks for it. A failure is told
 * to all who waited for it, and not remembered.
 */
export class TokenCache {
  /** In the order of their last use. */
  private readonly held = new Map<string, HeldToken>();
  private readonly asked = new Map<string, Promise<HeldToken>>();

  /** @param most how many tokens are kept; the one that was not used for the longest time goes first */
  constructor(
    private readonly now: () => number,
    private readonly most: number,
  ) {}

  async get(key: string, ask: () => Promise<HeldToken>): Promise<string> {
    const held = this.held.get(key);
    if (held && held.until > this.now()) return this.keep(key, held).accessToken;
    const asked = this.asked.get(key) ?? this.askOnce(key, ask);
    return (await asked).accessToken;
  }

  forget(accessToken: string): void {
    for (const [key, held] of this.held) {
      if (held.accessToken === accessToken) this.held.delete(key);
    }
  }

  private askOnce(key: string, ask: () => Promise<HeldToken>): Promise<HeldToken> {
    const asked = ask()
      .then((token) => this.keep(key, token))
      .finally(() => this.asked.delete(key));
    this.asked.set(key, asked);
    return asked;
  }

  private keep(key: string, token: HeldToken): HeldToken {
    this.held.delete(key);
    this.held.set(key, token);
    const [oldest] = this.held.keys();
    if (this.held.size > this.most && oldest !== undefined) this.held.delete(oldest);
    return token;
  }
}

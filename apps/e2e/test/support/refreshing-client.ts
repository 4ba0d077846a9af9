import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './http.js';
import { parseFamilyId } from './auth-database.js';
import { parseTokenPair, refresh, registerAndLogIn } from './auth-api.js';

const RETRY_PAUSE_MS = 20;

/**
 * A logged-in client that refreshes in a loop. After a lost answer it repeats the refresh with the last token that it
 * received.
 */
export class RefreshingClient {
  /** Number of answers with the next token. */
  steps = 0;
  /** Number of requests without an answer. */
  losses = 0;
  /** The answer that logged it out, if one did. */
  refusal: Answer | undefined;

  private constructor(
    private readonly auth: string,
    private token: string,
  ) {}

  static async logIn(auth: string): Promise<RefreshingClient> {
    return new RefreshingClient(auth, (await registerAndLogIn(auth)).refreshToken);
  }

  get familyId(): string {
    return parseFamilyId(this.token);
  }

  async refreshUntil(end: AbortSignal): Promise<void> {
    while (!end.aborted && !this.refusal) await this.refreshOnce();
  }

  async refreshOnce(): Promise<void> {
    const answer = await refresh(this.auth, this.token).catch(() => undefined);
    if (!answer) return this.recordLoss();
    if (answer.status !== 200) {
      this.refusal = answer;
      return;
    }
    this.token = parseTokenPair(answer).refreshToken;
    this.steps += 1;
  }

  private async recordLoss(): Promise<void> {
    this.losses += 1;
    await sleep(RETRY_PAUSE_MS);
  }
}

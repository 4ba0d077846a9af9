import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { TooManyRequests } from '../platform/too-many-requests.js';
import {
  ACCOUNT_WINDOW,
  addFailure,
  calculateDelay,
  countFailures,
  ORIGIN_WINDOW,
} from './login-delay.js';
import { type FailureCount, LoginAttemptRepository } from './login-attempt.repository.js';

/** What comes of an attempt. */
export interface AttemptResult {
  /** Whether they know what they must know. */
  readonly isGood: boolean;
}

export interface AttemptKeys {
  /** Of who tries. */
  readonly own: string;
  /** Of what they try to get into. */
  readonly anywhere: string;
}

/** Attempts of one key that come at the same moment, and try again because another one was counted before them. */
const MAX_TRIES = 8;

/** Attempts that fail make the next one wait, longer and longer. */
@Injectable()
export class LoginDelayService {
  constructor(
    private readonly counts: LoginAttemptRepository,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * An attempt counts as failed before it is made, and no longer when it succeeds: of a thousand at once only as many are
   * made as may fail.
   * @throws {TooManyRequests} where it comes too early; it was not made then
   */
  async throttle<P extends AttemptResult>(keys: AttemptKeys, prove: () => Promise<P>): Promise<P> {
    if (!this.config.LOGIN_DELAYS) return prove();
    const { before, after } = await this.countFailure(keys);
    try {
      const proof = await prove();
      if (proof.isGood) await this.counts.delete(keys.own);
      else await this.counts.increment(keys.anywhere, this.clock.now(), ACCOUNT_WINDOW);
      return proof;
    } catch (error) {
      // Nothing was proved, nor refused.
      await this.counts.revertReplace(keys.own, before, after);
      throw error;
    }
  }

  private async countFailure({ own, anywhere }: AttemptKeys) {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const [before, all] = await Promise.all([this.counts.find(own), this.counts.find(anywhere)]);
      const after = this.nextFailureCount(before, all);
      if (await this.counts.replace(own, before, after)) return { before, after };
    }
    throw new TooManyRequests(0);
  }

  /** @throws {TooManyRequests} */
  private nextFailureCount(before: FailureCount, all: FailureCount): FailureCount {
    const now = this.clock.now();
    if (before.waitsUntil > now) throw new TooManyRequests(before.waitsUntil - now);
    const forgottenAt = addFailure(before.forgottenAt, now, ORIGIN_WINDOW);
    const failures = countFailures(forgottenAt, now, ORIGIN_WINDOW);
    // Earlier ones of one's own are among them.
    const elsewhere = Math.max(
      0,
      countFailures(all.forgottenAt, now, ACCOUNT_WINDOW) - failures + 1,
    );
    const wait = calculateDelay(failures, elsewhere);
    return { forgottenAt, waitsUntil: now + wait };
  }
}

import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { TooManyRequests } from '../platform/oauth-error.js';
import { type FailureCount, LoginAttemptRepository } from './login-attempt.repository.js';
import {
  ACCOUNT_WINDOW,
  addFailure,
  calculateDelay,
  countFailures,
  ORIGIN_WINDOW,
} from './login-delay.js';

export interface AttemptResult {
  /** Whether the password is correct. */
  readonly isValid: boolean;
}

/** The keys of the two failure counts of an attempt. */
export interface AttemptKeys {
  /** Of the account, together with the network, device or session that the attempt comes from. */
  readonly origin: string;
  /** Of the account, from all origins. */
  readonly account: string;
}

/** A concurrent attempt of the same origin can change the count between read and write; then both are repeated. */
const MAX_TRIES = 8;

/** Delays the attempt after a failed one. The delay grows with every failure. */
@Injectable()
export class LoginDelayService {
  constructor(
    private readonly counts: LoginAttemptRepository,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Counts the attempt as a failure first and removes it on success, so parallel attempts cannot exceed the limit.
   * @throws {TooManyRequests} if the attempt comes too early; `check` was not called then
   */
  async throttle<R extends AttemptResult>(keys: AttemptKeys, check: () => Promise<R>): Promise<R> {
    if (!this.config.LOGIN_DELAYS) return check();
    const { before, after } = await this.countFailure(keys);
    try {
      const result = await check();
      if (result.isValid) await this.counts.delete(keys.origin);
      else await this.counts.increment(keys.account, this.clock.now(), ACCOUNT_WINDOW);
      return result;
    } catch (error) {
      // The check did not finish, so the attempt does not count.
      await this.counts.revertReplace(keys.origin, before, after);
      throw error;
    }
  }

  private async countFailure({ origin, account }: AttemptKeys) {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const [before, all] = await Promise.all([
        this.counts.find(origin),
        this.counts.find(account),
      ]);
      const after = this.nextFailureCount(before, all);
      if (await this.counts.replace(origin, before, after)) return { before, after };
    }
    throw new TooManyRequests(0);
  }

  /** @throws {TooManyRequests} */
  private nextFailureCount(before: FailureCount, all: FailureCount): FailureCount {
    const now = this.clock.now();
    if (before.waitsUntil > now) throw new TooManyRequests(before.waitsUntil - now);
    const forgottenAt = addFailure(before.forgottenAt, now, ORIGIN_WINDOW);
    const failures = countFailures(forgottenAt, now, ORIGIN_WINDOW);
    // The account's count includes earlier failures of this origin, but not the present attempt.
    const elsewhere = Math.max(
      0,
      countFailures(all.forgottenAt, now, ACCOUNT_WINDOW) - failures + 1,
    );
    const delay = calculateDelay(failures, elsewhere);
    return { forgottenAt, waitsUntil: now + delay };
  }
}

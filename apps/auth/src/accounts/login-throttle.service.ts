import { createHmac } from 'node:crypto';
import type { SqlStatement } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { type QuotaState, RateLimitService } from '../platform/rate-limit.service.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { ServerSecrets } from '../platform/server-secrets.js';
import { TooManyRequests } from '../platform/oauth-error.js';
import { type AttemptOrigin, KnownDeviceCookie } from './known-device-cookie.js';
import {
  type DecayWindow,
  type FailureCount,
  LoginAttemptRepository,
  NO_FAILURES,
} from './login-attempt.repository.js';

/** Failures of an account from one network, or on one device. */
export const ORIGIN_WINDOW: DecayWindow = { decayMs: 900_000, maxFailures: 15 };
/** Failures of an account from all origins. */
export const ACCOUNT_WINDOW: DecayWindow = { decayMs: 60_000, maxFailures: 100 };

/** Failures without a delay, because people mistype. */
const FREE_FAILURES = 4;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 900_000;
/** So many failures of other origins count as one more failure of this origin. */
const FOREIGN_FAILURES_PER_OWN = 10;
/** So many failures of other origins do not delay the attempt after the first failure of this origin. */
const FREE_FOREIGN_FAILURES = FOREIGN_FAILURES_PER_OWN * FREE_FAILURES - 1;

/**
 * The number of failures at `now`. A count is stored as the instant at which it reaches zero, like the level of a leaky
 * bucket: it decreases by one every `decayMs`. All instants and durations are in milliseconds.
 */
export const countFailures = (forgottenAt: number, now: number, { decayMs }: DecayWindow): number =>
  Math.max(0, Math.ceil((forgottenAt - now) / decayMs));

/** The stored count after one more failure. */
export const addFailure = (
  forgottenAt: number,
  now: number,
  { decayMs, maxFailures }: DecayWindow,
): number => Math.min(Math.max(forgottenAt, now) + decayMs, now + maxFailures * decayMs);

/**
 * The delay of the next attempt after a failure, in milliseconds: none after the first four failures, then one second, doubled
 * by every failure, up to 15 minutes.
 *
 * @param own failures of this account from this network or on this device, at least one
 * @param elsewhere failures of this account from other origins. They delay only origins that failed as well, so an attacker
 *   cannot lock an owner out.
 */
export function calculateDelay(own: number, elsewhere: number): number {
  const failures = own + Math.floor(elsewhere / FOREIGN_FAILURES_PER_OWN);
  return failures <= FREE_FAILURES
    ? 0
    : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - FREE_FAILURES - 1));
}

export interface AttemptResult {
  /** Whether the password is correct. */
  readonly isValid: boolean;
}

export interface CountedAttempt<R extends AttemptResult> {
  readonly result: R;
  /** For a valid result: reverts the count of the attempt. */
  readonly removal?: SqlStatement | undefined;
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
   * Counts the attempt as a failure first, so parallel attempts cannot exceed the limit. After a success the caller runs
   * {@link CountedAttempt.removal}.
   * @throws {TooManyRequests} if the attempt comes too early; `check` was not called then
   */
  async throttle<R extends AttemptResult>(
    keys: AttemptKeys,
    check: () => Promise<R>,
  ): Promise<CountedAttempt<R>> {
    if (!this.config.LOGIN_DELAYS) return { result: await check() };
    const { before, after } = await this.countFailure(keys);
    try {
      const result = await check();
      if (result.isValid) return { result, removal: this.counts.buildDelete(keys.origin) };
      await this.counts.increment(keys.account, this.clock.now(), ACCOUNT_WINDOW);
      return { result };
    } catch (error) {
      // The check did not finish, so the attempt does not count.
      await this.counts.revertReplace(keys.origin, before, after);
      throw error;
    }
  }

  async forget(origin: string): Promise<void> {
    await this.counts.delete(origin);
  }

  private async countFailure({ origin, account }: AttemptKeys) {
    const first = await this.countFirstFailure({ origin, account });
    if (first) return first;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const [before, all] = await this.counts.find(origin, account);
      const after = this.nextFailureCount(before, all);
      if (await this.counts.replace(origin, before, after)) return { before, after };
    }
    throw new TooManyRequests(0);
  }

  /**
   * The usual attempt, in one statement: the origin has no count, and the account too few failures for a delay.
   * @returns undefined for other attempts, without a change
   */
  private async countFirstFailure({ origin, account }: AttemptKeys) {
    const now = this.clock.now();
    const after = { forgottenAt: addFailure(0, now, ORIGIN_WINDOW), waitsUntil: 0 };
    const forgottenBy = now + FREE_FOREIGN_FAILURES * ACCOUNT_WINDOW.decayMs;
    const isFirst = await this.counts.insertFirst(origin, after.forgottenAt, {
      key: account,
      forgottenBy,
    });
    return isFirst ? { before: NO_FAILURES, after } : undefined;
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

/**
 * Decides whether a password attempt is allowed now. It counts failures by account and network, by account and device, by
 * account, by network and by wider network. All counts are the same for accounts that do not exist.
 */
@Injectable()
export class LoginThrottleService {
  private readonly key: Buffer;

  constructor(
    private readonly delays: LoginDelayService,
    private readonly limits: RateLimitService,
    private readonly devices: KnownDeviceCookie,
    private readonly events: SecurityEventService,
    secrets: ServerSecrets,
  ) {
    this.key = secrets.derive('login attempts').current.key;
  }

  /**
   * @param email lower case
   * @param check compares the password
   * @throws {TooManyRequests} if the attempt comes too early; `check` was not called then
   */
  throttleLogin<R extends AttemptResult>(
    email: string,
    from: AttemptOrigin,
    check: () => Promise<R>,
  ): Promise<CountedAttempt<R>> {
    const device = this.devices.findDeviceId(from, email);
    const account = this.hashKey('account', email);
    if (device !== undefined) {
      const keys = { origin: this.hashKey('device', device, email), account };
      return this.recordDelay(() => this.delays.throttle(keys, check));
    }
    const keys = { origin: this.hashKey('network', from.network, email), account };
    return this.recordDelay(async () => {
      await this.checkNetworkLimits(from);
      const attempt = await this.delays.throttle(keys, check);
      if (!attempt.result.isValid) await this.countNetworkFailure(from);
      return attempt;
    });
  }

  /**
   * A login counts for the network, or for the account if the device logged in to it before, so that other users of a network
   * cannot keep a known device out.
   * @param email undefined if the request has none
   */
  countLogin(email: string | undefined, from: AttemptOrigin): Promise<QuotaState | undefined> {
    const isKnown = email !== undefined && this.devices.findDeviceId(from, email) !== undefined;
    const key = isKnown ? `known devices of ${this.hashKey('account', email)}` : from.network;
    return this.limits.consume('login', { kind: 'anonymous', key });
  }

  /**
   * For a user who has a session and confirms the password.
   * @param check compares the password
   * @throws {TooManyRequests} if the attempt comes too early; `check` was not called then
   */
  throttleConfirmation<R extends AttemptResult>(
    accountId: string,
    sessionId: string,
    check: () => Promise<R>,
  ): Promise<CountedAttempt<R>> {
    const keys = {
      origin: this.hashKey('session', sessionId, accountId),
      account: this.hashKey('confirmations', accountId),
    };
    return this.recordDelay(async () => {
      await this.countConfirmation(accountId);
      return this.delays.throttle(keys, check);
    });
  }

  /**
   * Forgets the failures of one account from this network and on this device, because its owner chose a new password. Failures from
   * other networks still delay those networks.
   */
  async forget(email: string, from: AttemptOrigin): Promise<void> {
    await this.delays.forget(this.hashKey('network', from.network, email));
    const device = this.devices.findDeviceId(from, email);
    if (device !== undefined) await this.delays.forget(this.hashKey('device', device, email));
  }

  /** Each confirmation hashes a password. It counts for the account, because the network has other users. */
  private async countConfirmation(accountId: string): Promise<void> {
    const owner = { kind: 'anonymous', key: `account ${accountId}` } as const;
    const usage = await this.limits.consume('login', owner);
    if (usage?.isOver) throw new TooManyRequests(usage.resetsIn);
  }

  private async recordDelay<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof TooManyRequests) await this.events.record({ type: 'login.delayed' });
      throw error;
    }
  }

  private async checkNetworkLimits({ network, widerNetwork }: AttemptOrigin): Promise<void> {
    await this.limits.checkNotExhausted('failed-login', { kind: 'anonymous', key: network });
    const wider = { kind: 'anonymous', key: widerNetwork } as const;
    await this.limits.checkNotExhausted('failed-login-nearby', wider);
  }

  private async countNetworkFailure({ network, widerNetwork }: AttemptOrigin): Promise<void> {
    await this.limits.consume('failed-login', { kind: 'anonymous', key: network });
    await this.limits.consume('failed-login-nearby', { kind: 'anonymous', key: widerNetwork });
  }

  /** A MAC, so that the table has no network address and no e-mail in clear text. */
  private hashKey(...words: readonly string[]): string {
    return createHmac('sha256', this.key).update(words.join('\0')).digest('base64url');
  }
}

import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RateLimitService } from '../platform/rate-limit.service.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { ServerSecrets } from '../platform/server-secrets.js';
import { TooManyRequests } from '../platform/oauth-error.js';
import { type AttemptOrigin, KnownDeviceCookie } from './known-device-cookie.js';
import { type AttemptResult, LoginDelayService } from './login-delay.service.js';

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
  ): Promise<R> {
    const device = this.devices.findDeviceId(from, email);
    const account = this.hashKey('account', email);
    if (device !== undefined) {
      const keys = { origin: this.hashKey('device', device, email), account };
      return this.recordDelay(() => this.delays.throttle(keys, check));
    }
    const keys = { origin: this.hashKey('network', from.network, email), account };
    return this.recordDelay(async () => {
      await this.checkNetworkLimits(from);
      const result = await this.delays.throttle(keys, check);
      if (!result.isValid) await this.countNetworkFailure(from);
      return result;
    });
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
  ): Promise<R> {
    const keys = {
      origin: this.hashKey('session', sessionId, accountId),
      account: this.hashKey('confirmations', accountId),
    };
    return this.recordDelay(() => this.delays.throttle(keys, check));
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

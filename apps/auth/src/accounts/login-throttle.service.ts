import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ServerSecrets } from '../platform/server-secrets.js';
import { RateLimitService } from '../platform/rate-limit.service.js';
import { TooManyRequests } from '../platform/too-many-requests.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { type AttemptResult, LoginDelayService } from './login-delay.service.js';
import { KnownDeviceService } from './known-device.service.js';

/** Where an attempt comes from. */
export interface AttemptOrigin {
  /** /24 of IPv4, /48 of IPv6. */
  readonly network: string;
  /** /16 of IPv4, /32 of IPv6. */
  readonly surroundings: string;
  /** What the device keeps, as it came. */
  readonly device: string | undefined;
}

/**
 * Who may try a password now. Failures are counted by account and network, by device, by account, by network and by what is
 * around it; whether the account exists makes no difference.
 */
@Injectable()
export class LoginThrottleService {
  private readonly key: Buffer;

  constructor(
    private readonly delays: LoginDelayService,
    private readonly limits: RateLimitService,
    private readonly devices: KnownDeviceService,
    private readonly events: SecurityEventService,
    secrets: ServerSecrets,
  ) {
    this.key = secrets.derive('login attempts').current.key;
  }

  /**
   * @param email lower case
   * @throws {TooManyRequests} where it comes too early: nothing was tried then
   */
  throttleLogin<P extends AttemptResult>(
    email: string,
    from: AttemptOrigin,
    prove: () => Promise<P>,
  ): Promise<P> {
    const device = this.devices.findDeviceId(from.device, email);
    const anywhere = this.hashKey('account', email);
    if (device !== undefined) {
      return this.recordDelay(() =>
        this.delays.throttle({ own: this.hashKey('device', device, email), anywhere }, prove),
      );
    }
    const own = this.hashKey('network', from.network, email);
    return this.recordDelay(async () => {
      await this.checkNetworkLimits(from);
      const proof = await this.delays.throttle({ own, anywhere }, prove);
      if (!proof.isGood) await this.countNetworkFailure(from);
      return proof;
    });
  }

  /**
   * Somebody who is logged in already is asked for the password again.
   * @throws {TooManyRequests} where it comes too early: nothing was tried then
   */
  throttleConfirmation<P extends AttemptResult>(
    accountId: string,
    sessionId: string,
    prove: () => Promise<P>,
  ): Promise<P> {
    const keys = {
      own: this.hashKey('session', sessionId, accountId),
      anywhere: this.hashKey('confirmations', accountId),
    };
    return this.recordDelay(() => this.delays.throttle(keys, prove));
  }

  private async recordDelay<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof TooManyRequests) await this.events.record({ type: 'login.delayed' });
      throw error;
    }
  }

  private async checkNetworkLimits({ network, surroundings }: AttemptOrigin): Promise<void> {
    await this.limits.checkNotExhausted('failed-login', { stranger: network });
    await this.limits.checkNotExhausted('failed-login-nearby', { stranger: surroundings });
  }

  private async countNetworkFailure({ network, surroundings }: AttemptOrigin): Promise<void> {
    await this.limits.consume('failed-login', { stranger: network });
    await this.limits.consume('failed-login-nearby', { stranger: surroundings });
  }

  /** No address and no e-mail is stored. */
  private hashKey(...words: readonly string[]): string {
    return createHmac('sha256', this.key).update(words.join('\0')).digest('base64url');
  }
}

import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ServerSecrets } from '../keys/server-secrets.js';
import { RateLimits } from '../rate-limits/rate-limits.js';
import { TooManyRequests } from '../rate-limits/too-many-requests.js';
import { SecurityEvents } from '../security-events/security-events.js';
import { AttemptDelays, type Proof } from './attempt-delays.js';
import { KnownDevices } from './known-devices.js';

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
export class LoginAttempts {
  private readonly key: Buffer;

  constructor(
    private readonly delays: AttemptDelays,
    private readonly limits: RateLimits,
    private readonly devices: KnownDevices,
    private readonly events: SecurityEvents,
    secrets: ServerSecrets,
  ) {
    this.key = secrets.derive('login attempts').current.key;
  }

  /**
   * @param email lower case
   * @throws {TooManyRequests} where it comes too early: nothing was tried then
   */
  login<P extends Proof>(email: string, from: AttemptOrigin, prove: () => Promise<P>): Promise<P> {
    const device = this.devices.idOf(from.device, email);
    const anywhere = this.keyOf('account', email);
    if (device !== undefined) {
      return this.telling(() =>
        this.delays.attempt({ own: this.keyOf('device', device, email), anywhere }, prove),
      );
    }
    const own = this.keyOf('network', from.network, email);
    return this.telling(async () => {
      await this.refuseNetwork(from);
      const proof = await this.delays.attempt({ own, anywhere }, prove);
      if (!proof.isGood) await this.countNetwork(from);
      return proof;
    });
  }

  /**
   * Somebody who is logged in already is asked for the password again.
   * @throws {TooManyRequests} where it comes too early: nothing was tried then
   */
  confirmation<P extends Proof>(
    accountId: string,
    sessionId: string,
    prove: () => Promise<P>,
  ): Promise<P> {
    const keys = {
      own: this.keyOf('session', sessionId, accountId),
      anywhere: this.keyOf('confirmations', accountId),
    };
    return this.telling(() => this.delays.attempt(keys, prove));
  }

  private async telling<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof TooManyRequests) await this.events.record({ type: 'login.delayed' });
      throw error;
    }
  }

  private async refuseNetwork({ network, surroundings }: AttemptOrigin): Promise<void> {
    await this.limits.refuseIfSpent('failed-login', { stranger: network });
    await this.limits.refuseIfSpent('failed-login-nearby', { stranger: surroundings });
  }

  private async countNetwork({ network, surroundings }: AttemptOrigin): Promise<void> {
    await this.limits.spend('failed-login', { stranger: network });
    await this.limits.spend('failed-login-nearby', { stranger: surroundings });
  }

  /** No address and no e-mail is stored. */
  private keyOf(...words: readonly string[]): string {
    return createHmac('sha256', this.key).update(words.join('\0')).digest('base64url');
  }
}

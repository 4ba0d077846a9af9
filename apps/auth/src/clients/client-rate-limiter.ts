import { Injectable } from '@nestjs/common';
import { networkOf } from '../platform/network.js';
import { OAuthError } from '../platform/oauth-error.js';
import { type QuotaState, RateLimitService } from '../platform/rate-limit.service.js';
import type { Client } from './client.entity.js';
import type { PresentedCredentials } from './presented-credentials.js';

/** The quotas of endpoints that confidential clients ask, each for what it is asked. */
export type ClientQuota = 'client' | 'introspection';

/** How often a client may ask, and how often somebody may fail to be it. */
@Injectable()
export class ClientRateLimiter {
  constructor(private readonly limits: RateLimitService) {}

  /**
   * Whoever guesses a secret is slowed down (RFC 6749 §2.3.1), for this client and from this address only: nobody keeps a
   * client out that is elsewhere.
   * @throws {TooManyRequests} before anything is looked at
   */
  async limitFailures(
    { id }: PresentedCredentials,
    address: string,
    authenticate: () => Promise<Client>,
  ): Promise<Client> {
    const stranger = { stranger: `${id} ${address}` };
    await this.limits.checkNotExhausted('failed-client', stranger);
    try {
      return await authenticate();
    } catch (error) {
      if (error instanceof OAuthError) await this.limits.consume('failed-client', stranger);
      throw error;
    }
  }

  /** A confidential client has a quota of its own. What anybody can call themselves counts for the network. */
  consume(client: Client, address: string, quota: ClientQuota): Promise<QuotaState | undefined> {
    if (!client.isPublic) return this.limits.consume(quota, { client: client.id });
    return this.limits.consume('token', { stranger: networkOf(address) ?? 'elsewhere' });
  }
}

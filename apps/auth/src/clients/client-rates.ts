import { Injectable } from '@nestjs/common';
import { networkOf } from '../networks/network.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import { RateLimits, type Standing } from '../rate-limits/rate-limits.js';
import type { Client } from './client.entity.js';
import type { PresentedCredentials } from './presented-credentials.js';

/** The quotas of endpoints that confidential clients ask, each for what it is asked. */
export type ClientQuota = 'client' | 'introspection';

/** How often a client may ask, and how often somebody may fail to be it. */
@Injectable()
export class ClientRates {
  constructor(private readonly limits: RateLimits) {}

  /**
   * Whoever guesses a secret is slowed down (RFC 6749 §2.3.1), for this client and from this address only: nobody keeps a
   * client out that is elsewhere.
   * @throws {TooManyRequests} before anything is looked at
   */
  async authenticated(
    { id }: PresentedCredentials,
    address: string,
    authenticate: () => Promise<Client>,
  ): Promise<Client> {
    const stranger = { stranger: `${id} ${address}` };
    await this.limits.refuseIfSpent('failed-client', stranger);
    try {
      return await authenticate();
    } catch (error) {
      if (error instanceof OAuthError) await this.limits.spend('failed-client', stranger);
      throw error;
    }
  }

  /** A confidential client has a quota of its own. What anybody can call themselves counts for the network. */
  count(client: Client, address: string, quota: ClientQuota): Promise<Standing | undefined> {
    if (!client.isPublic) return this.limits.spend(quota, { client: client.id });
    return this.limits.spend('token', { stranger: networkOf(address) ?? 'elsewhere' });
  }
}

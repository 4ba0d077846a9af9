import { Injectable } from '@nestjs/common';
import { networkOf } from '../platform/network.js';
import { OAuthError } from '../platform/oauth-error.js';
import { type QuotaState, RateLimitService } from '../platform/rate-limit.service.js';
import type { Client } from './client.entity.js';
import type { PresentedCredentials } from './presented-credentials.js';

/** The quotas of confidential clients; an endpoint selects one of them with `UseClientQuota`. */
export type ClientQuota = 'client' | 'introspection';

/** Limits the requests of a client, and the failed authentications in its name. */
@Injectable()
export class ClientRateLimiter {
  constructor(private readonly limits: RateLimitService) {}

  /**
   * Slows down an attacker who guesses secrets (RFC 6749 §2.3.1). Failures count for the client and the address together, so an
   * attacker cannot lock out the client at another address.
   * @throws {TooManyRequests} before it checks the credentials
   */
  async limitFailures(
    { id }: PresentedCredentials,
    address: string,
    authenticate: () => Promise<Client>,
  ): Promise<Client> {
    const owner = { kind: 'anonymous', key: `${id} ${address}` } as const;
    await this.limits.checkNotExhausted('failed-client', owner);
    try {
      return await authenticate();
    } catch (error) {
      if (error instanceof OAuthError) await this.limits.consume('failed-client', owner);
      throw error;
    }
  }

  /** A confidential client has its own quota. An attacker can send the id of a public client, so its requests count for the network. */
  consume(client: Client, address: string, quota: ClientQuota): Promise<QuotaState | undefined> {
    if (!client.isPublic) return this.limits.consume(quota, { kind: 'client', id: client.id });
    const key = networkOf(address) ?? 'elsewhere';
    return this.limits.consume('token', { kind: 'anonymous', key });
  }
}

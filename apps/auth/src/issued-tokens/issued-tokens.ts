import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { Clients } from '../clients/clients.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { Sessions } from '../sessions/sessions.js';
import { type IssuedToken, issuedToken } from './issued-token.js';

/** Access tokens of this server that come back to it: to be exchanged, revoked, or asked about. */
@Injectable()
export class IssuedTokens {
  private known: { readonly set: object; readonly find: ReturnType<typeof createLocalJWKSet> };

  constructor(
    private readonly keys: SigningKeys,
    private readonly sessions: Sessions,
    private readonly clients: Clients,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.known = { set: {}, find: createLocalJWKSet({ keys: [] }) };
  }

  /** @returns what it says, where this server signed it as an access token and it has not expired */
  async read(text: string): Promise<IssuedToken | undefined> {
    try {
      const { payload } = await jwtVerify(text, this.findKey, {
        // An ID token is signed by the same keys (RFC 8725 §3.11).
        typ: 'at+jwt',
        issuer: this.config.ISSUER,
        algorithms: ['ES256', 'RS256'],
        requiredClaims: ['exp'],
        currentDate: new Date(this.clock.now()),
      });
      return issuedToken.safeParse(payload).data;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  /** Whether the session behind it lives, by the database; where there is none, whether its client may still be used. */
  async isAlive({ sub, sid, client_id: clientId }: IssuedToken): Promise<boolean> {
    if (sid !== undefined) return this.sessions.isAlive(sub, sid);
    return (await this.clients.find(clientId)) !== undefined;
  }

  /** Keys are imported once for every change of the set. */
  private get findKey() {
    const { keySet } = this.keys;
    if (this.known.set !== keySet) {
      this.known = { set: keySet, find: createLocalJWKSet({ keys: [...keySet.keys] }) };
    }
    return this.known.find;
  }
}

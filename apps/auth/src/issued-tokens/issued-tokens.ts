import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { Clients } from '../clients/clients.js';
import { JwtVerifier } from '../keys/jwt-verifier.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { Sessions } from '../sessions/sessions.js';
import { type IssuedToken, issuedToken } from './issued-token.js';

/** Access tokens of this server that come back to it: to be exchanged, revoked, or asked about. */
@Injectable()
export class IssuedTokens {
  private verifier = new JwtVerifier('at+jwt', []);
  private verifiedSet: object | undefined;

  constructor(
    private readonly keys: SigningKeys,
    private readonly sessions: Sessions,
    private readonly clients: Clients,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** @returns what it says, where this server signed it as an access token and it has not expired */
  read(text: string): IssuedToken | undefined {
    const { data: token } = issuedToken.safeParse(this.verifierNow.verify(text));
    const isOurs = token?.iss === this.config.ISSUER && this.clock.now() < token.exp * 1000;
    return isOurs ? token : undefined;
  }

  /** Whether the session behind it lives, by the database; where there is none, whether its client may still be used. */
  async isAlive({ sub, sid, client_id: clientId }: IssuedToken): Promise<boolean> {
    if (sid !== undefined) return this.sessions.isAlive(sub, sid);
    return (await this.clients.find(clientId)) !== undefined;
  }

  /** Keys are imported once for every change of the set. An ID token is signed by the same keys, and is of another type. */
  private get verifierNow(): JwtVerifier {
    const { keySet } = this.keys;
    if (this.verifiedSet !== keySet) {
      this.verifier = new JwtVerifier('at+jwt', keySet.keys);
      this.verifiedSet = keySet;
    }
    return this.verifier;
  }
}

import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { Clients } from '../clients/clients.js';
import { JwtVerifier } from '../keys/jwt-verifier.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { Sessions } from '../sessions/sessions.js';
import { type IssuedToken, issuedToken } from './issued-token.js';

/** A resource server asks about the same token again and again; a signature costs more than all the rest of the answer. */
const MOST_REMEMBERED = 1_000;

/** Access tokens of this server that come back to it: to be exchanged, revoked, or asked about. */
@Injectable()
export class IssuedTokens {
  private verifier = new JwtVerifier('at+jwt', []);
  private verifiedSet: object | undefined;
  /** By their text, and verified. */
  private readonly remembered = new Map<string, IssuedToken>();

  constructor(
    private readonly keys: SigningKeys,
    private readonly sessions: Sessions,
    private readonly clients: Clients,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** @returns what it says, where this server signed it as an access token and it has not expired */
  read(text: string): IssuedToken | undefined {
    this.followKeySet();
    const token = this.remembered.get(text) ?? this.verified(text);
    return token && this.clock.now() < token.exp * 1000 ? token : undefined;
  }

  /** Whether the session behind it lives, by the database; where there is none, whether its client may still be used. */
  async isAlive({ sub, sid, client_id: clientId }: IssuedToken): Promise<boolean> {
    if (sid !== undefined) return this.sessions.isAlive(sub, sid);
    return (await this.clients.find(clientId)) !== undefined;
  }

  /** An ID token is signed by the same keys, and is of another type. */
  private verified(text: string): IssuedToken | undefined {
    const { data: token } = issuedToken.safeParse(this.verifier.verify(text));
    if (token?.iss !== this.config.ISSUER) return undefined;
    this.remember(text, token);
    return token;
  }

  private remember(text: string, token: IssuedToken): void {
    const [oldest] = this.remembered.keys();
    if (oldest !== undefined && this.remembered.size >= MOST_REMEMBERED) {
      this.remembered.delete(oldest);
    }
    this.remembered.set(text, token);
  }

  /** Keys are imported once for every change of the set. What was verified by a key that left it is no longer known. */
  private followKeySet(): void {
    const { keySet } = this.keys;
    if (this.verifiedSet === keySet) return;
    this.verifier = new JwtVerifier('at+jwt', keySet.keys);
    this.verifiedSet = keySet;
    this.remembered.clear();
  }
}

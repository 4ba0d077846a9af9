import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { ClientRepository } from '../clients/client.repository.js';
import { SessionService } from '../sessions/session.service.js';
import { JwtVerifier } from './keys/jwt-verifier.js';
import { SigningKeyService } from './keys/signing-key.service.js';
import { type AccessTokenClaims, accessTokenClaims } from './access-token-claims.js';

/** A resource server asks about the same token again and again; a signature costs more than all the rest of the answer. */
const MAX_CACHED_TOKENS = 1_000;

/** Access tokens of this server that come back to it: to be exchanged, revoked, or asked about. */
@Injectable()
export class AccessTokenVerifier {
  private jwtVerifier = new JwtVerifier('at+jwt', []);
  private loadedKeySet: object | undefined;
  /** By their text, and verified. */
  private readonly cachedTokens = new Map<string, AccessTokenClaims>();

  constructor(
    private readonly keys: SigningKeyService,
    private readonly sessions: SessionService,
    private readonly clients: ClientRepository,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** @returns what it says, where this server signed it as an access token and it has not expired */
  verify(text: string): AccessTokenClaims | undefined {
    this.reloadKeys();
    const token = this.cachedTokens.get(text) ?? this.verifySignature(text);
    return token && this.clock.now() < token.exp * 1000 ? token : undefined;
  }

  /** Whether the session behind it lives, by the database; where there is none, whether its client may still be used. */
  async isActive({ sub, sid, client_id: clientId }: AccessTokenClaims): Promise<boolean> {
    if (sid !== undefined) return this.sessions.isActive(sub, sid);
    return (await this.clients.findEnabled(clientId)) !== undefined;
  }

  /** An ID token is signed by the same keys, and is of another type. */
  private verifySignature(text: string): AccessTokenClaims | undefined {
    const { data: token } = accessTokenClaims.safeParse(this.jwtVerifier.verify(text));
    if (token?.iss !== this.config.ISSUER) return undefined;
    this.cache(text, token);
    return token;
  }

  private cache(text: string, token: AccessTokenClaims): void {
    const [oldest] = this.cachedTokens.keys();
    if (oldest !== undefined && this.cachedTokens.size >= MAX_CACHED_TOKENS) {
      this.cachedTokens.delete(oldest);
    }
    this.cachedTokens.set(text, token);
  }

  /** Keys are imported once for every change of the set. What was verified by a key that left it is no longer known. */
  private reloadKeys(): void {
    const { keySet } = this.keys;
    if (this.loadedKeySet === keySet) return;
    this.jwtVerifier = new JwtVerifier('at+jwt', keySet.keys);
    this.loadedKeySet = keySet;
    this.cachedTokens.clear();
  }
}

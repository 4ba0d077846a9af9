import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { type AccessTokenClaims, accessTokenClaims } from './access-token.service.js';
import { JwtVerifier } from './keys/jwt-verifier.js';
import { SigningKeyService } from './keys/signing-key.service.js';

/** Resource servers introspect the same token repeatedly, and the signature check is the most expensive part of an answer. */
const MAX_CACHED_TOKENS = 1_000;

/** Verifies access tokens that clients send back to this server for exchange, revocation or introspection. */
@Injectable()
export class AccessTokenVerifier {
  private jwtVerifier = new JwtVerifier('at+jwt', []);
  private loadedKeySet: object | undefined;
  /** Claims of verified tokens by the text of the token, oldest first. */
  private readonly cachedTokens = new Map<string, AccessTokenClaims>();

  constructor(
    private readonly keys: SigningKeyService,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** @returns the claims, if this server signed the text as an access token and the token has not expired */
  verify(text: string): AccessTokenClaims | undefined {
    const token = this.readIssued(text);
    return token && this.clock.now() < token.exp * 1000 ? token : undefined;
  }

  /** @returns the claims, if this server signed the text as an access token, also after its expiry */
  readIssued(text: string): AccessTokenClaims | undefined {
    this.reloadKeys();
    return this.cachedTokens.get(text) ?? this.verifySignature(text);
  }

  /** The same keys sign ID tokens, so the verifier checks `typ` as well. */
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

  /** Imports the keys once per change of the key set. Forgets tokens, because their key may have left the set. */
  private reloadKeys(): void {
    const { keySet } = this.keys;
    if (this.loadedKeySet === keySet) return;
    this.jwtVerifier = new JwtVerifier('at+jwt', keySet.keys);
    this.loadedKeySet = keySet;
    this.cachedTokens.clear();
  }
}

import { randomBytes } from 'node:crypto';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import type { SessionClaims } from '../sessions/refresh-token-family.entity.js';
import type { TokenResponse } from '../oauth/token/token.schema.js';
import type { Actor } from './access-token-claims.js';
import { MAX_TOKEN_LIFETIME_SECONDS } from './keys/key-rotation-periods.js';
import { SigningKeyService } from './keys/signing-key.service.js';
import { StatusListService } from './status-lists/status-list.service.js';

/** What an access token says, apart from what the server adds. */
export interface AccessTokenContent {
  /** The account that granted it; the client itself where nobody did (RFC 9068 §2.2). */
  readonly subject: string;
  readonly clientId: string;
  /** The one resource server that it is for. */
  readonly audience: string;
  readonly scope: readonly string[];
  /** Seconds; the server's default where null. */
  readonly ttl?: number | null;
  /** Where it may not outlive another token, in seconds since the epoch. */
  readonly notAfter?: number;
  /** Who acts for the subject (RFC 8693 §4.1). */
  readonly actor?: Actor;
  /** Thumbprint of the key that its sender has to have (RFC 9449 §6). */
  readonly dpopJkt?: string | undefined;
  /** The login that it descends from. */
  readonly session?: SessionClaims;
  /** Where the status of a client is found that acts for itself. */
  readonly statusIndex?: number | null;
}

const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

/** Access tokens are JWTs by RFC 9068, with no more claims than a resource server needs. */
@Injectable()
export class AccessTokenService {
  constructor(
    private readonly keys: SigningKeyService,
    private readonly statusLists: StatusListService,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * @param ttl what the client is registered for; the server's default where null
   * @returns seconds
   */
  getLifetimeSeconds(ttl: number | null | undefined): number {
    return Math.min(ttl ?? this.config.ACCESS_TOKEN_TTL, MAX_TOKEN_LIFETIME_SECONDS);
  }

  async issue(content: AccessTokenContent): Promise<TokenResponse> {
    const now = this.clock.now();
    const scope = content.scope.join(' ');
    const { actor, dpopJkt } = content;
    const claims = {
      iss: this.config.ISSUER,
      sub: content.subject,
      aud: content.audience,
      client_id: content.clientId,
      iat: toSeconds(now),
      exp: this.computeExpiry(content, now),
      jti: randomBytes(16).toString('base64url'),
      scope,
      ...(actor && { act: actor }),
      ...(dpopJkt !== undefined && { cnf: { jkt: dpopJkt } }),
      ...toSessionClaims(content.session),
      ...this.statusLists.createClaim(content.session?.statusIndex ?? content.statusIndex),
    };
    return {
      access_token: await this.keys.sign('at+jwt', claims),
      token_type: dpopJkt === undefined ? 'Bearer' : 'DPoP',
      expires_in: claims.exp - claims.iat,
      scope,
    };
  }

  /** In seconds: no later than what it descends from. */
  private computeExpiry(
    { ttl, session, notAfter = Infinity }: AccessTokenContent,
    now: number,
  ): number {
    const sessionEnd = session?.expiresAt.getTime() ?? Infinity;
    return Math.min(
      toSeconds(Math.min(now + this.getLifetimeSeconds(ttl) * 1000, sessionEnd)),
      notAfter,
    );
  }
}

function toSessionClaims(session: SessionClaims | undefined) {
  return session && { sid: session.id, auth_time: toSeconds(session.authenticatedAt.getTime()) };
}

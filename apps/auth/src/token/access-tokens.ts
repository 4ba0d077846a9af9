import { randomBytes } from 'node:crypto';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import type { Actor } from '../issued-tokens/issued-token.js';
import type { Session } from '../refresh-tokens/refresh-token-family.entity.js';
import { LONGEST_TOKEN_SECONDS } from '../keys/key-periods.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { StatusLists } from '../status-lists/status-lists.js';
import type { TokenResponse } from './token-response.js';

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
  readonly session?: Session;
  /** Where the status of a client is found that acts for itself. */
  readonly statusIndex?: number | null;
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

/** Access tokens are JWTs by RFC 9068, with no more claims than a resource server needs. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly keys: SigningKeys,
    private readonly statusLists: StatusLists,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * @param ttl what the client is registered for; the server's default where null
   * @returns seconds
   */
  lifetimeOf(ttl: number | null | undefined): number {
    return Math.min(ttl ?? this.config.ACCESS_TOKEN_TTL, LONGEST_TOKEN_SECONDS);
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
      iat: seconds(now),
      exp: this.expiryOf(content, now),
      jti: randomBytes(16).toString('base64url'),
      scope,
      ...(actor && { act: actor }),
      ...(dpopJkt !== undefined && { cnf: { jkt: dpopJkt } }),
      ...sessionClaims(content.session),
      ...this.statusLists.claim(content.session?.statusIndex ?? content.statusIndex),
    };
    return {
      access_token: await this.keys.sign('at+jwt', claims),
      token_type: dpopJkt === undefined ? 'Bearer' : 'DPoP',
      expires_in: claims.exp - claims.iat,
      scope,
    };
  }

  /** In seconds: no later than what it descends from. */
  private expiryOf({ ttl, session, notAfter = Infinity }: AccessTokenContent, now: number): number {
    const sessionEnd = session?.endsAt.getTime() ?? Infinity;
    return Math.min(seconds(Math.min(now + this.lifetimeOf(ttl) * 1000, sessionEnd)), notAfter);
  }
}

function sessionClaims(session: Session | undefined) {
  return session && { sid: session.id, auth_time: seconds(session.authenticatedAt.getTime()) };
}

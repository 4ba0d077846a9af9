import { randomUUID } from 'node:crypto';
import { Clock, Metrics } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { MAX_TOKEN_LIFETIME_SECONDS } from './keys/key-rotation-plan.js';
import { SigningKeyService } from './keys/signing-key.service.js';
import { filterRoleClaims, type RoleClaims } from './standard-claims.js';
import { StatusListService } from './status-lists/status-list.service.js';

/** The party that acts for the subject; `act` inside names the previous actor (RFC 8693 §4.1). */
const actor = z.object({
  sub: z.string(),
  get act() {
    return actor.optional();
  },
});
// The name of the schema in the OpenAPI document.
z.globalRegistry.add(actor, { id: 'Actor' });
export type Actor = Readonly<z.infer<typeof actor>>;

/** The claims that this server reads from its own access tokens. */
export const accessTokenClaims = z.object({
  iss: z.string(),
  sub: z.string(),
  /** One resource server; also userinfo for a sign-in with `openid` (decision 23). */
  aud: z.union([z.string(), z.array(z.string())]),
  client_id: z.string(),
  scope: z.string(),
  iat: z.int(),
  exp: z.int(),
  jti: z.string(),
  sid: z.string().optional(),
  auth_time: z.int().optional(),
  act: actor.optional(),
  /** The only party that may act for the subject (RFC 8693 §4.4). */
  may_act: z.object({ sub: z.string() }).optional(),
  cnf: z.object({ jkt: z.string().optional() }).optional(),
  roles: z.array(z.string()).optional(),
  groups: z.array(z.string()).optional(),
});
export type AccessTokenClaims = Readonly<z.infer<typeof accessTokenClaims>>;

export const hasAudience = ({ aud }: AccessTokenClaims, identifier: string | null): boolean =>
  identifier !== null && [aud].flat().includes(identifier);

/** Why an access token is issued. `login` is the login of the first-party client with e-mail and password. */
const GRANTS = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'token_exchange',
  'login',
] as const;
export type IssuingGrant = (typeof GRANTS)[number];

/** The content of an access token. The service adds `iss`, `iat`, `exp`, `jti` and `status`. */
export interface AccessTokenContent {
  /** For the metrics. */
  readonly grant: IssuingGrant;
  /** The account that granted the token; the client itself if no account is involved (RFC 9068 §2.2). */
  readonly subject: string;
  readonly clientId: string;
  /** The resource server that accepts the token; for a sign-in with `openid` also this server. */
  readonly audience: string | readonly string[];
  readonly scope: readonly string[];
  /** Lifetime in seconds that the client is registered for; null: `ACCESS_TOKEN_TTL`. */
  readonly ttl?: number | null;
  /** Upper bound of `exp`, in seconds since the epoch: the expiry of the token that this one is exchanged for. */
  readonly notAfter?: number;
  /** The party that acts for the subject (RFC 8693 §4.1). */
  readonly actor?: Actor;
  /** Thumbprint of the key that the sender must prove to have (RFC 9449 §6). */
  readonly dpopJkt?: string | undefined;
  readonly session?: TokenSession;
  /** The words of the grant for which the token contains the roles of the account (RFC 9068 §2.2.3.1). */
  readonly roleScope?: readonly string[];
  readonly roleClaims?: RoleClaims;
  /** Status index of the client, if the client acts for itself. */
  readonly statusIndex?: number | null;
}

/** The session that an access token belongs to. */
interface TokenSession {
  /** `sid`. */
  readonly id: string;
  readonly authenticatedAt: Date;
  readonly expiresAt: Date;
  readonly statusIndex?: number | null;
}

/** The members of a token response (RFC 6749 §5.1) that describe the access token. */
interface IssuedAccessToken {
  readonly access_token: string;
  readonly token_type: 'Bearer' | 'DPoP';
  readonly expires_in: number;
  readonly scope: string;
}

/** 122 random bits. Node draws the bits of UUIDs for many at a time, and `randomBytes` costs a call of the generator for each. */
const createTokenId = (): string =>
  Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');

const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

/** Issues access tokens: JWTs by RFC 9068, with only the claims that a resource server needs. */
@Injectable()
export class AccessTokenService {
  private readonly counter;

  constructor(
    private readonly keys: SigningKeyService,
    private readonly statusLists: StatusListService,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
    metrics: Metrics,
  ) {
    this.counter = metrics.counter({
      name: 'access_tokens_issued_total',
      help: 'Issued access tokens, by grant.',
      labels: ['grant'],
      series: GRANTS.map((grant) => ({ grant })),
    });
  }

  /**
   * @param ttl the lifetime that the client is registered for; null: `ACCESS_TOKEN_TTL`
   */
  getLifetimeSeconds(ttl: number | null | undefined): number {
    return Math.min(ttl ?? this.config.ACCESS_TOKEN_TTL, MAX_TOKEN_LIFETIME_SECONDS);
  }

  async issue(content: AccessTokenContent): Promise<IssuedAccessToken> {
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
      jti: createTokenId(),
      scope,
      ...(actor && { act: actor }),
      ...(dpopJkt !== undefined && { cnf: { jkt: dpopJkt } }),
      ...toSessionClaims(content.session),
      ...selectRoleClaims(content),
      ...this.statusLists.createClaim(content.session?.statusIndex ?? content.statusIndex),
    };
    const token = await this.keys.sign('at+jwt', claims);
    this.counter.inc({ grant: content.grant });
    return {
      access_token: token,
      token_type: dpopJkt === undefined ? 'Bearer' : 'DPoP',
      expires_in: claims.exp - claims.iat,
      scope,
    };
  }

  /** In seconds since the epoch. A token never outlives its session, or the token that it was exchanged for. */
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

const selectRoleClaims = ({ roleScope = [], roleClaims = {} }: AccessTokenContent): RoleClaims =>
  Object.fromEntries(filterRoleClaims(roleScope).map((name) => [name, roleClaims[name] ?? []]));

function toSessionClaims(session: TokenSession | undefined) {
  return session && { sid: session.id, auth_time: toSeconds(session.authenticatedAt.getTime()) };
}

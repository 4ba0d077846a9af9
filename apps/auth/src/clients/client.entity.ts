import {
  BooleanColumn,
  CountColumn,
  InstantColumn,
  SpaceSeparatedColumn,
} from '@gatehouse/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * How a client authenticates (RFC 7591 §2, `token_endpoint_auth_method`). `client_secret_basic` and `client_secret_post` are two names
 * of one thing: the server accepts the secret in both places.
 */
export const AUTH_METHODS = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** RFC 8693 §2.1. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

export const GRANT_TYPES = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  TOKEN_EXCHANGE,
];

/** Whether `sub` of ID tokens is the same for all clients, or differs by the host of the redirect URIs (OpenID Connect Core §8). */
export const SUBJECT_TYPES = ['public', 'pairwise'] as const;
export type SubjectType = (typeof SUBJECT_TYPES)[number];

/** What `aud` of a client assertion may be: only the issuer, or also the token endpoint (decision 16). */
export const ASSERTION_AUDIENCES = ['issuer', 'token-endpoint'] as const;
export type AssertionAudience = (typeof ASSERTION_AUDIENCES)[number];

/**
 * Whether an authorization request needs PKCE: each one; each one without the scope `openid` and a `nonce` (OAuth 2.1 §7.5.1);
 * or none (decision 28).
 */
export const PKCE_RULES = ['always', 'or-nonce', 'never-required'] as const;
export type PkceRule = (typeof PKCE_RULES)[number];

/** "Public clients MUST use PKCE" (RFC 9700 §2.1.1). */
export const defaultPkceRule = (authMethod: AuthMethod): PkceRule =>
  authMethod === 'none' ? 'always' : 'or-nonce';

/** An OAuth client (RFC 6749 §2). */
@Entity('client')
export class Client {
  /** `client_id`: lower-case words joined by hyphens. */
  @PrimaryColumn('varchar', { length: 64 }) readonly id!: string;
  @Column('varchar', { name: 'auth_method', length: 32 }) readonly authMethod!: AuthMethod;
  /** SHA-256 of each valid secret, base64url. Secrets have 256 random bits, so a slow hash would add nothing. */
  @SpaceSeparatedColumn('secret_hashes', 255) readonly secretHashes!: readonly string[];
  @SpaceSeparatedColumn('grant_types', 255) readonly grantTypes!: readonly string[];
  /** The scope that the client may request at most. */
  @SpaceSeparatedColumn('scope', 2000) readonly scope!: readonly string[];
  /** Seconds; null means the server's default. */
  @Column('integer', { name: 'access_token_ttl', nullable: true }) readonly accessTokenTtl!:
    number | null;
  /** Seconds; null means the server's default. */
  @Column('integer', { name: 'refresh_idle_ttl', nullable: true }) readonly refreshIdleTtl!:
    number | null;
  /** Seconds; null means the server's default. */
  @Column('integer', { name: 'refresh_absolute_ttl', nullable: true })
  readonly refreshAbsoluteTtl!: number | null;
  /** The name that pages show; if it is empty, they show the id. */
  @Column('varchar', { length: 100 }) readonly name!: string;
  /** Compared character by character, except the port of a loopback address (RFC 8252 §7.3). */
  @SpaceSeparatedColumn('redirect_uris', 4000) readonly redirectUris!: readonly string[];
  @SpaceSeparatedColumn('post_logout_redirect_uris', 4000)
  readonly postLogoutRedirectUris!: readonly string[];
  /** Where the client receives logout tokens (OpenID Connect Back-Channel Logout §2.2); null: it receives none. */
  @Column('varchar', { name: 'backchannel_logout_uri', length: 2000, nullable: true })
  readonly backchannelLogoutUri!: string | null;
  /** Origins of pages and apps that may call the token endpoint, beside those of the redirect URIs; compared as text. */
  @SpaceSeparatedColumn('allowed_origins', 4000) readonly allowedOrigins!: readonly string[];
  /** {@link pkce} in two columns: a replica of the previous version reads only the first, and then requires PKCE. */
  @BooleanColumn('require_pkce') readonly requirePkce!: boolean;
  @BooleanColumn('nonce_replaces_pkce') readonly nonceReplacesPkce!: boolean;
  /** A first-party client needs no consent. */
  @BooleanColumn('first_party') readonly firstParty!: boolean;
  /** `id_token_signed_response_alg`; null means the server's default. */
  @Column('varchar', { name: 'id_token_algorithm', length: 8, nullable: true })
  readonly idTokenAlgorithm!: 'ES256' | 'RS256' | null;
  @Column('varchar', { name: 'subject_type', length: 8 }) readonly subjectType!: SubjectType;
  /** The client's public keys for `private_key_jwt`, as a JWK Set (RFC 7517 §5). */
  @Column('text', { nullable: true }) readonly jwks!: string | null;
  @Column('varchar', { name: 'assertion_audience', length: 16 })
  readonly assertionAudience!: AssertionAudience;
  /** The identifier of the resource server that this client is. The client may introspect and exchange tokens with this audience. */
  @Column('varchar', { name: 'resource_server', length: 2000, nullable: true })
  readonly resourceServer!: string | null;
  /** The resource servers for which it may get tokens by token exchange (RFC 8693). */
  @SpaceSeparatedColumn('exchange_targets', 2000) readonly exchangeTargets!: readonly string[];
  /** Whether its tokens must be bound to a key (RFC 9449). */
  @BooleanColumn('dpop_bound') readonly dpopBound!: boolean;
  /** Whether an access token is either for an API or for userinfo, never for both (decision 23). */
  @BooleanColumn('separate_tokens') readonly separateTokens!: boolean;
  /** Whether its ID tokens have only the claims that it requested by name (OpenID Connect Core §5.5). */
  @BooleanColumn('lean_id_tokens') readonly leanIdTokens!: boolean;
  /** The index in the status lists for tokens of the client_credentials grant; see `tokens/status-lists/`. */
  @CountColumn({ name: 'status_index', nullable: true }) readonly statusIndex!: number | null;
  @InstantColumn({ name: 'created_at' }) readonly createdAt!: Date;
  @InstantColumn({ name: 'disabled_at', nullable: true }) readonly disabledAt!: Date | null;

  /**
   * "… If a refresh token is issued to a public client … the refresh token MUST be bound to the respective public key" (RFC
   * 9449 §5). A confidential client authenticates instead.
   */
  selectRefreshTokenKey(dpopJkt: string | undefined): string | undefined {
    return this.isPublic ? dpopJkt : undefined;
  }

  get isPublic(): boolean {
    return this.authMethod === 'none';
  }

  /** Whether the client authenticates with a secret. */
  get isSecretBased(): boolean {
    return this.authMethod.startsWith('client_secret_');
  }

  get pkce(): PkceRule {
    if (this.isPublic) return 'always';
    if (!this.requirePkce) return 'never-required';
    return this.nonceReplacesPkce ? 'or-nonce' : 'always';
  }

  canUseGrant(grantType: string): boolean {
    return this.grantTypes.includes(grantType);
  }
}

import { CountColumn, InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { BooleanColumn, SpaceSeparatedColumn } from '../platform/columns.js';

/** How a client proves who it is at the token endpoint (RFC 7591 §2, `token_endpoint_auth_method`). */
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

/** What `sub` of ID tokens is: the same for all clients, or for those of one host only (OpenID Connect Core §8). */
export const SUBJECT_TYPES = ['public', 'pairwise'] as const;
export type SubjectType = (typeof SUBJECT_TYPES)[number];

/** An application that asks for tokens (RFC 6749 §2). */
@Entity('client')
export class Client {
  /** `client_id`: lower-case words joined by hyphens. */
  @PrimaryColumn('varchar', { length: 64 }) readonly id!: string;
  @Column('varchar', { name: 'auth_method', length: 32 }) readonly authMethod!: AuthMethod;
  /** SHA-256 of each secret in force, base64url. Secrets are 256 random bits, so a slow hash would add nothing. */
  @SpaceSeparatedColumn('secret_hashes', 255) readonly secretHashes!: readonly string[];
  @SpaceSeparatedColumn('grant_types', 255) readonly grantTypes!: readonly string[];
  /** The most that it may ask for. */
  @SpaceSeparatedColumn('scope', 2000) readonly scope!: readonly string[];
  /** Seconds; the server's default where null. */
  @Column('integer', { name: 'access_token_ttl', nullable: true }) readonly accessTokenTtl!:
    number | null;
  /** Seconds; the server's default where null. */
  @Column('integer', { name: 'refresh_idle_ttl', nullable: true }) readonly refreshIdleTtl!:
    number | null;
  /** Seconds; the server's default where null. */
  @Column('integer', { name: 'refresh_absolute_ttl', nullable: true })
  readonly refreshAbsoluteTtl!: number | null;
  /** What people are told that it is called; its id where empty. */
  @Column('varchar', { length: 100 }) readonly name!: string;
  /** Compared as they are, but for the port of a loopback address (RFC 8252 §7.3). */
  @SpaceSeparatedColumn('redirect_uris', 4000) readonly redirectUris!: readonly string[];
  @SpaceSeparatedColumn('post_logout_redirect_uris', 4000)
  readonly postLogoutRedirectUris!: readonly string[];
  /** Always so for public clients (RFC 9700 §2.1.1). */
  @BooleanColumn('require_pkce') readonly requirePkce!: boolean;
  /** One of our own: people are not asked whether it may have what it asks for. */
  @BooleanColumn('first_party') readonly firstParty!: boolean;
  /** `id_token_signed_response_alg`; the server's default where null. */
  @Column('varchar', { name: 'id_token_algorithm', length: 8, nullable: true })
  readonly idTokenAlgorithm!: 'ES256' | 'RS256' | null;
  @Column('varchar', { name: 'subject_type', length: 8 }) readonly subjectType!: SubjectType;
  /** A JWK Set (RFC 7517 §5) with its public keys, for `private_key_jwt`. */
  @Column('text', { nullable: true }) readonly jwks!: string | null;
  /** The resource server that this client is: it may introspect, and exchange, tokens that were meant for it. */
  @Column('varchar', { name: 'resource_server', length: 2000, nullable: true })
  readonly resourceServer!: string | null;
  /** The resource servers that it may exchange such tokens for (RFC 8693). */
  @SpaceSeparatedColumn('exchange_targets', 2000) readonly exchangeTargets!: readonly string[];
  /** Its tokens are bound to a key of its own (RFC 9449). */
  @BooleanColumn('dpop_bound') readonly dpopBound!: boolean;
  /** Where the status of the tokens that it was given for itself is found; see `status-lists/`. */
  @CountColumn({ name: 'status_index', nullable: true }) readonly statusIndex!: number | null;
  @InstantColumn({ name: 'created_at' }) readonly createdAt!: Date;
  @InstantColumn({ name: 'disabled_at', nullable: true }) readonly disabledAt!: Date | null;

  /**
   * "… If a refresh token is issued to a public client … the refresh token MUST be bound to the respective public key"; those
   * of others are bound to who authenticates (RFC 9449 §5).
   */
  selectRefreshTokenKey(dpopJkt: string | undefined): string | undefined {
    return this.isPublic ? dpopJkt : undefined;
  }

  get isPublic(): boolean {
    return this.authMethod === 'none';
  }

  /** Whether it has a secret, or may have one. */
  get isSecretBased(): boolean {
    return this.authMethod.startsWith('client_secret_');
  }

  get isPkceRequired(): boolean {
    return this.isPublic || this.requirePkce;
  }

  canUseGrant(grantType: string): boolean {
    return this.grantTypes.includes(grantType);
  }
}

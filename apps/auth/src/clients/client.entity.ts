import { CountColumn, InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { WordListColumn } from '../database/word-list-column.js';

/** How a client proves who it is at the token endpoint (RFC 7591 §2, `token_endpoint_auth_method`). */
export const AUTH_METHODS = ['none', 'client_secret_basic', 'client_secret_post'] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

export const GRANT_TYPES = ['refresh_token', 'client_credentials'];

/** An application that asks for tokens (RFC 6749 §2). */
@Entity('client')
export class Client {
  /** `client_id`: lower-case words joined by hyphens. */
  @PrimaryColumn('varchar', { length: 64 }) readonly id!: string;
  @Column('varchar', { name: 'auth_method', length: 32 }) readonly authMethod!: AuthMethod;
  /** SHA-256 of each secret in force, base64url. Secrets are 256 random bits, so a slow hash would add nothing. */
  @WordListColumn('secret_hashes', 255) readonly secretHashes!: readonly string[];
  @WordListColumn('grant_types', 255) readonly grantTypes!: readonly string[];
  /** The most that it may ask for. */
  @WordListColumn('scope', 2000) readonly scope!: readonly string[];
  /** Seconds; the server's default where null. */
  @Column('integer', { name: 'access_token_ttl', nullable: true }) readonly accessTokenTtl!:
    number | null;
  /** Seconds; the server's default where null. */
  @Column('integer', { name: 'refresh_idle_ttl', nullable: true }) readonly refreshIdleTtl!:
    number | null;
  /** Seconds; the server's default where null. */
  @Column('integer', { name: 'refresh_absolute_ttl', nullable: true })
  readonly refreshAbsoluteTtl!: number | null;
  /** Where the status of the tokens that it was given for itself is found; see `status-lists/`. */
  @CountColumn({ name: 'status_index', nullable: true }) readonly statusIndex!: number | null;
  @InstantColumn({ name: 'created_at' }) readonly createdAt!: Date;
  @InstantColumn({ name: 'disabled_at', nullable: true }) readonly disabledAt!: Date | null;

  get isPublic(): boolean {
    return this.authMethod === 'none';
  }

  allows(grantType: string): boolean {
    return this.grantTypes.includes(grantType);
  }
}

import { InstantColumn, SpaceSeparatedColumn } from '@gatehouse/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The length of the column `nonce`. */
export const MAX_SHORT_NONCE = 1000;

/** An authorization code (RFC 6749 §4.1.2) with the grant that a client exchanges it for. */
@Entity('authorization_code')
export class AuthorizationCode {
  /** SHA-256 of the code, base64url. */
  @PrimaryColumn('varchar', { name: 'code_hash', length: 43 }) readonly hash!: string;
  @Column('varchar', { name: 'client_id', length: 64 }) readonly clientId!: string;
  @Column('varchar', { name: 'account_id', length: 27 }) readonly accountId!: string;
  /** The browser session in which the person authenticated. When it ends, the code becomes invalid. */
  @Column('varchar', { name: 'browser_session_id', length: 22 }) readonly browserSessionId!: string;
  @Column('varchar', { name: 'redirect_uri', length: 2000 }) readonly redirectUri!: string;
  @SpaceSeparatedColumn('scope', 2000) readonly scope!: readonly string[];
  @SpaceSeparatedColumn('resource', 2000) readonly resources!: readonly string[];
  /** SHA-256 of the verifier, base64url (RFC 7636 §4.2); null if the request had no challenge. */
  @Column('varchar', { name: 'code_challenge', length: 43, nullable: true })
  readonly codeChallenge!: string | null;
  @Column('varchar', { name: 'nonce', length: 1000, nullable: true })
  readonly shortNonce!: string | null;
  /** A nonce of more than {@link MAX_SHORT_NONCE} characters. */
  @Column('text', { name: 'long_nonce', nullable: true }) readonly longNonce!: string | null;
  /** The `claims` parameter (OpenID Connect Core §5.5), as JSON. */
  @Column('text', { nullable: true }) readonly claims!: string | null;
  /** Thumbprint of the key that the tokens are bound to (RFC 9449 §10). */
  @Column('varchar', { name: 'dpop_jkt', length: 43, nullable: true }) readonly dpopJkt!:
    string | null;
  @InstantColumn({ name: 'authenticated_at' }) readonly authenticatedAt!: Date;
  /** RFC 8176. */
  @SpaceSeparatedColumn('amr', 64) readonly amr!: readonly string[];
  @InstantColumn({ name: 'expires_at' }) readonly expiresAt!: Date;
  @InstantColumn({ name: 'used_at', nullable: true }) readonly usedAt!: Date | null;
  /** The refresh token family that was created in exchange for the code. */
  @Column('varchar', { name: 'family_id', length: 22, nullable: true }) readonly familyId!:
    string | null;

  get nonce(): string | null {
    return this.shortNonce ?? this.longNonce;
  }
}

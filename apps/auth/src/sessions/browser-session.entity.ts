import { InstantColumn, SpaceSeparatedColumn } from '@gatehouse/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A browser in which a person is logged in at this server, for all clients (single sign-on). */
@Entity('browser_session')
export class BrowserSession {
  /** 128 random bits, base64url. It is not a secret. It stays the same when the same person logs in again. */
  @PrimaryColumn('varchar', { length: 22 }) readonly id!: string;
  /** SHA-256 of the secret in the cookie, base64url. */
  @Column('varchar', { name: 'secret_hash', length: 43, unique: true })
  readonly secretHash!: string;
  @Column('varchar', { name: 'account_id', length: 27 }) readonly accountId!: string;
  /** How the person authenticated (RFC 8176). */
  @SpaceSeparatedColumn('amr', 64) readonly amr!: readonly string[];
  /** The `User-Agent` of the login: at most 255 printable characters. */
  @Column('varchar', { name: 'user_agent', length: 255, nullable: true }) readonly userAgent!:
    string | null;
  /** The network that the login came from: /24 of IPv4, /48 of IPv6. */
  @Column('varchar', { length: 64, nullable: true }) readonly origin!: string | null;
  @InstantColumn({ name: 'created_at' }) readonly createdAt!: Date;
  /** The latest login: `auth_time`. */
  @InstantColumn({ name: 'authenticated_at' }) readonly authenticatedAt!: Date;
  /** Precise to one minute, because not every use is written. */
  @InstantColumn({ name: 'last_used_at' }) readonly lastUsedAt!: Date;
  @InstantColumn({ name: 'absolute_expires_at' }) readonly absoluteExpiresAt!: Date;
  @InstantColumn({ name: 'ended_at', nullable: true }) readonly endedAt!: Date | null;
}

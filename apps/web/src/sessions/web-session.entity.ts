import { CountColumn, InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A session of one browser in one tool. Its tokens are readable only with the cookie and the server's secret together. */
@Entity('web_session')
@Index('web_sessions_of_an_account', ['sub', 'tool', 'createdAt'])
@Index('web_sessions_by_sid', ['sid'])
@Index('web_sessions_by_expiry', ['expiresAt'])
export class WebSession {
  /** SHA-256 of the secret in the cookie, base64url. */
  @PrimaryColumn('varchar', { length: 43 }) readonly id!: string;
  @Column('varchar', { length: 16 }) readonly tool!: string;
  /** `sub` of the ID token. */
  @Column('text') readonly sub!: string;
  /** `sid` of the session at the authorization server. */
  @Column('text') readonly sid!: string;
  @InstantColumn({ name: 'created_at' }) readonly createdAt!: Date;
  @InstantColumn({ name: 'used_at' }) readonly usedAt!: Date;
  @InstantColumn({ name: 'expires_at' }) readonly expiresAt!: Date;
  /** The sealed tokens. */
  @Column('text') readonly payload!: string;
  /** One more with every change of the payload. */
  @Column('integer') readonly version!: number;
  /** The replica's claim on the next refresh, with its end in epoch milliseconds. */
  @Column('varchar', { length: 43, nullable: true }) readonly claim!: string | null;
  @CountColumn({ name: 'claimed_until', nullable: true }) readonly claimedUntil!: number | null;
}

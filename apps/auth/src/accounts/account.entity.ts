import { InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A person's record in this server. */
@Entity('account')
export class Account {
  /** The `sub` of the person's tokens: `acct_` and 128 random bits. No client id has this form (RFC 9068 §5). */
  @PrimaryColumn('varchar', { length: 27 }) readonly id!: string;
  /** In the form of `normalizeEmail`; unique. */
  @Column('varchar', { length: 254, unique: true }) readonly email!: string;
  /** argon2id, in PHC string format. */
  @Column('varchar', { name: 'password_hash', length: 255 }) readonly passwordHash!: string;
  /** Standard claims (OpenID Connect Core §5.1) as a JSON object, without `sub` and `email`. */
  @Column('text') readonly claims!: string;
  /** 128 random bits, base64url. They never change, because pairwise subjects derive from them (OpenID Connect Core §8.1). */
  @Column('varchar', { name: 'pairwise_seed', length: 22 }) readonly pairwiseSeed!: string;
  @InstantColumn({ name: 'created_at' }) readonly createdAt!: Date;
  @InstantColumn({ name: 'last_login_at', nullable: true }) readonly lastLoginAt!: Date | null;
  @InstantColumn({ name: 'disabled_at', nullable: true }) readonly disabledAt!: Date | null;
  /** When the personal data was erased. Such a row is no account any more. */
  @InstantColumn({ name: 'erased_at', nullable: true }) readonly erasedAt!: Date | null;
}

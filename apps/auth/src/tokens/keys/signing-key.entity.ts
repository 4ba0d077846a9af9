import { InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type SigningAlgorithm = 'ES256' | 'RS256';

/**
 * - `pending`: published, and does not sign yet
 * - `active`: signs; one key per algorithm
 * - `retiring`: published, because tokens that it signed have not expired; does not sign any more
 * - `retired`, `revoked`: not published, and the private key is deleted
 */
export type SigningKeyState = 'pending' | 'active' | 'retiring' | 'retired' | 'revoked';

@Entity('signing_key')
export class SigningKey {
  /** Thumbprint of the public key (RFC 7638). */
  @PrimaryColumn('varchar', { length: 43 }) readonly kid!: string;
  @Column('varchar', { length: 8 }) readonly algorithm!: SigningAlgorithm;
  @Column('varchar', { length: 16 }) readonly state!: SigningKeyState;
  /** PKCS #8, encrypted under the server secret and bound to `kid`; empty when the key is retired or revoked. */
  @Column('text', { name: 'encrypted_private_key' }) readonly encryptedPrivateKey!: string;
  @InstantColumn({ name: 'created_at' }) readonly createdAt!: Date;
  /** When the key entered its state. */
  @InstantColumn({ name: 'changed_at' }) readonly changedAt!: Date;
}

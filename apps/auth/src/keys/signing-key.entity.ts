import { InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type SigningAlgorithm = 'ES256' | 'RS256';

/** `pending` is published and does not sign yet; of each algorithm one key is `active`. */
export type SigningKeyState = 'pending' | 'active' | 'retiring';

@Entity('signing_key')
export class SigningKey {
  /** Thumbprint of the public key (RFC 7638). */
  @PrimaryColumn('varchar', { length: 43 }) readonly kid!: string;
  @Column('varchar', { length: 8 }) readonly algorithm!: SigningAlgorithm;
  @Column('varchar', { length: 16 }) readonly state!: SigningKeyState;
  /** PKCS #8, encrypted under the server secret and bound to `kid`. */
  @Column('text', { name: 'encrypted_private_key' }) readonly encryptedPrivateKey!: string;
  @InstantColumn({ name: 'created_at' }) readonly createdAt!: Date;
}

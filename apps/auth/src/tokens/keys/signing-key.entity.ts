import { InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type SigningAlgorithm = 'ES256' | 'RS256';

/**
 * `pending` is published and does not sign yet; of each algorithm one key is `active`; `retiring` does not sign any more,
 * and tokens that it signed are still about. The last two are in no key set, and their private keys are gone.
 */
export type SigningKeyState = 'pending' | 'active' | 'retiring' | 'retired' | 'revoked';

@Entity('signing_key')
export class SigningKey {
  /** Thumbprint of the public key (RFC 7638). */
  @PrimaryColumn('varchar', { length: 43 }) readonly kid!: string;
  @Column('varchar', { length: 8 }) readonly algorithm!: SigningAlgorithm;
  @Column('varchar', { length: 16 }) readonly state!: SigningKeyState;
  /** PKCS #8, encrypted under the server secret and bound to `kid`; empty once the key is retired or revoked. */
  @Column('text', { name: 'encrypted_private_key' }) readonly encryptedPrivateKey!: string;
  @InstantColumn({ name: 'created_at' }) readonly createdAt!: Date;
  /** When it came into its state. */
  @InstantColumn({ name: 'changed_at' }) readonly changedAt!: Date;
}

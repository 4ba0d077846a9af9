import { createPrivateKey } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { SecurityEvents } from '../security-events/security-events.js';
import { JwtSigner } from './jwt-signer.js';
import { newPrivateKey, type PublicJwk, publicJwk } from './key-pair.js';
import { PrivateKeyCipher } from './private-key-cipher.js';
import type { SigningKey, SigningKeyState } from './signing-key.entity.js';

type StoredKey = Pick<SigningKey, 'kid' | 'algorithm' | 'state'> & { readonly sealed: string };

/** The keys that access tokens are signed with. The set is published with the next key already in it. */
@Injectable()
export class SigningKeys implements OnModuleInit {
  private signers: readonly JwtSigner[] = [];
  private active: JwtSigner | undefined;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cipher: PrivateKeyCipher,
    private readonly clock: Clock,
    private readonly events: SecurityEvents,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    for (const state of ['active', 'pending'] as const) await this.ensure(state);
    const stored = await this.stored();
    this.signers = stored.map((key) => this.signerOf(key));
    const active = stored.findIndex(
      ({ algorithm, state }) => algorithm === this.config.SIGNING_ALGORITHM && state === 'active',
    );
    this.active = this.signers[active];
  }

  /** The public keys (RFC 7517 §5). */
  get keySet(): { keys: readonly PublicJwk[] } {
    return { keys: this.signers.map(({ publicJwk }) => publicJwk) };
  }

  /** @param typ media type of the token without `application/`, as RFC 8725 §3.11 wants it told */
  sign(typ: string, claims: object): Promise<string> {
    if (!this.active) throw new Error('no active signing key');
    return this.active.sign(typ, claims);
  }

  /** A unique index allows one key per algorithm and state: of replicas that start together one makes it. */
  private async ensure(state: SigningKeyState): Promise<void> {
    const algorithm = this.config.SIGNING_ALGORITHM;
    const stored = await this.stored();
    if (stored.some((key) => key.algorithm === algorithm && key.state === state)) return;
    const privateKey = await newPrivateKey(algorithm);
    const { kid } = publicJwk(privateKey, algorithm);
    const sealed = this.cipher.encrypt(privateKey.export({ type: 'pkcs8', format: 'der' }), kid);
    const { affected } = await this.unitOfWork.execute(
      `INSERT INTO signing_key (kid, algorithm, state, encrypted_private_key, created_at)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
      [kid, algorithm, state, sealed, this.clock.now()],
    );
    if (affected === 1) this.events.emit({ type: 'signing_key.created', kid, algorithm });
  }

  private stored(): Promise<StoredKey[]> {
    return this.unitOfWork.query<StoredKey>(
      `SELECT kid, algorithm, state, encrypted_private_key AS sealed FROM signing_key ORDER BY created_at, kid`,
    );
  }

  private signerOf({ kid, algorithm, sealed }: StoredKey): JwtSigner {
    const key = this.cipher.decrypt(sealed, kid);
    return new JwtSigner(createPrivateKey({ key, type: 'pkcs8', format: 'der' }), algorithm);
  }
}

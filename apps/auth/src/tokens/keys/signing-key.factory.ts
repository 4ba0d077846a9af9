import { createPrivateKey } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtSigner } from './jwt-signer.js';
import { generatePrivateKey, toPublicJwk } from './jwk.js';
import type { NewSigningKey } from './signing-key.repository.js';
import { PrivateKeyCipher } from './private-key-cipher.js';
import type { SigningAlgorithm } from './signing-key.entity.js';

/** Generates keys, encrypts them for the database, and creates signers from encrypted keys. */
@Injectable()
export class SigningKeyFactory {
  constructor(private readonly cipher: PrivateKeyCipher) {}

  async generate(algorithm: SigningAlgorithm): Promise<NewSigningKey> {
    const privateKey = await generatePrivateKey(algorithm);
    const { kid } = toPublicJwk(privateKey, algorithm);
    const sealed = this.cipher.encrypt(privateKey.export({ type: 'pkcs8', format: 'der' }), kid);
    return { kid, algorithm, sealed };
  }

  /** @throws {ConfigurationError} when the server secret that the key was encrypted under is not configured */
  createSigner({ kid, algorithm, sealed }: NewSigningKey): JwtSigner {
    const key = this.cipher.decrypt(sealed, kid);
    return new JwtSigner(createPrivateKey({ key, type: 'pkcs8', format: 'der' }), algorithm);
  }

  /** Whether the key is encrypted under the newest server secret. */
  isSealedWithCurrentSecret(sealed: string): boolean {
    return this.cipher.isEncryptedWithCurrentSecret(sealed);
  }

  /** @throws {ConfigurationError} as {@link createSigner} */
  reseal({ kid, sealed }: NewSigningKey): string {
    return this.cipher.encrypt(this.cipher.decrypt(sealed, kid), kid);
  }
}

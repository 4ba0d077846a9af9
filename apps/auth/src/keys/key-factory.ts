import { createPrivateKey } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtSigner } from './jwt-signer.js';
import { newPrivateKey, publicJwk } from './key-pair.js';
import type { NewKey } from './key-store.js';
import { PrivateKeyCipher } from './private-key-cipher.js';
import type { SigningAlgorithm } from './signing-key.entity.js';

/** Makes keys, sealed for the database, and makes signers of sealed ones. */
@Injectable()
export class KeyFactory {
  constructor(private readonly cipher: PrivateKeyCipher) {}

  async make(algorithm: SigningAlgorithm): Promise<NewKey> {
    const privateKey = await newPrivateKey(algorithm);
    const { kid } = publicJwk(privateKey, algorithm);
    const sealed = this.cipher.encrypt(privateKey.export({ type: 'pkcs8', format: 'der' }), kid);
    return { kid, algorithm, sealed };
  }

  /** @throws {ConfigurationError} when the server secret that the key was sealed under is not configured */
  signerOf({ kid, algorithm, sealed }: NewKey): JwtSigner {
    const key = this.cipher.decrypt(sealed, kid);
    return new JwtSigner(createPrivateKey({ key, type: 'pkcs8', format: 'der' }), algorithm);
  }

  /** Whether the newest server secret sealed it. */
  isCurrent(sealed: string): boolean {
    return this.cipher.isCurrent(sealed);
  }

  /** @throws {ConfigurationError} as {@link signerOf} */
  reseal({ kid, sealed }: NewKey): string {
    return this.cipher.encrypt(this.cipher.decrypt(sealed, kid), kid);
  }
}

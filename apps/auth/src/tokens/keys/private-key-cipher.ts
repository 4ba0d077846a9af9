import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ConfigurationError } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { ServerSecrets } from '../../platform/server-secrets.js';

/**
 * Encrypts private keys as `secret id . nonce . ciphertext . tag`, with AES-256-GCM under a key derived from the server secret.
 * The `kid` is associated data, so a ciphertext that is moved to another row does not decrypt.
 */
@Injectable()
export class PrivateKeyCipher {
  private readonly keys: ReturnType<ServerSecrets['derive']>;

  constructor(secrets: ServerSecrets) {
    this.keys = secrets.derive('signing-key encryption');
  }

  encrypt(plain: Buffer, kid: string): string {
    const { secretId, key } = this.keys.current;
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(kid));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    const parts = [nonce, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'));
    return [secretId, ...parts].join('.');
  }

  /** Whether the text was encrypted under the newest server secret. */
  isEncryptedWithCurrentSecret(text: string): boolean {
    return text.startsWith(`${this.keys.current.secretId}.`);
  }

  /** @throws {ConfigurationError} when the server secret that the key was encrypted under is not configured */
  decrypt(text: string, kid: string): Buffer {
    const [secretId = '', ...parts] = text.split('.');
    const derived = this.keys.all.get(secretId);
    const [nonce, sealed, tag] = parts.map((part) => Buffer.from(part, 'base64url'));
    if (!derived || !nonce || !sealed || !tag) {
      throw new ConfigurationError([
        'SERVER_SECRET: the signing keys in the database were encrypted under another secret; ' +
          'add that secret to the end of the list, separated by a comma',
      ]);
    }
    const decipher = createDecipheriv('aes-256-gcm', derived.key, nonce, { authTagLength: 16 });
    decipher.setAAD(Buffer.from(kid)).setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  }
}

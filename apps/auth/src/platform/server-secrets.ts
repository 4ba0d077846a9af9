import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { readOrCreateSecret, splitSecrets } from '@gatehouse/service-kit';
import type { AuthConfig } from '../auth.config.js';

export interface DerivedKey {
  /** Identifies the server secret that the key was derived from, and reveals nothing about it. */
  readonly secretId: string;
  /** 256 bits. */
  readonly key: Buffer;
}

/**
 * Derives one key per purpose from the server secret (HKDF-SHA-256, RFC 5869). During a rotation there are several secrets,
 * newest first: the first one signs and encrypts, all of them verify and decrypt.
 */
export class ServerSecrets {
  private readonly secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    if (secrets.length === 0) throw new Error('at least one server secret is needed');
    this.secrets = secrets;
  }

  /** @param purpose separates the keys of different uses */
  derive(purpose: string): { current: DerivedKey; all: ReadonlyMap<string, DerivedKey> } {
    const keys = this.secrets.map((secret) => deriveKey(secret, purpose));
    const current = keys[0] ?? deriveKey('', purpose);
    return { current, all: new Map(keys.map((key) => [key.secretId, key])) };
  }
}

const SALT = 'gatehouse server secret';

function deriveKey(secret: string, purpose: string): DerivedKey {
  return {
    secretId: createHash('sha256').update(runHkdf(secret, 'id')).digest('base64url').slice(0, 6),
    key: runHkdf(secret, purpose),
  };
}

const runHkdf = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, SALT, `gatehouse ${purpose}`, 32));

/** Returns the configured server secrets. In development it creates one secret and keeps it in the data folder. */
export async function loadServerSecrets(config: AuthConfig): Promise<ServerSecrets> {
  const configured = config.SERVER_SECRET && splitSecrets(config.SERVER_SECRET);
  return new ServerSecrets(
    configured || [await readOrCreateSecret(config.DATA_DIR, 'server-secret')],
  );
}

/** `content . secret id . MAC` (HMAC-SHA-256), for values that this server issues and gets back. */
export function signText(content: string, { secretId, key }: DerivedKey): string {
  const text = `${content}.${secretId}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/** @returns the content, if {@link signText} made the text with one of the keys */
export function readSignedText(
  text: string,
  keys: ReadonlyMap<string, DerivedKey>,
): string | undefined {
  const parts = text.split('.');
  const key = keys.get(parts.at(-2) ?? '');
  const content = parts.slice(0, -2).join('.');
  return key && isSameText(text, signText(content, key)) ? content : undefined;
}

/**
 * Compares in constant time. It compares the texts and not the decoded bytes, because base64url has several spellings of some
 * values, and because the client may have sent any text.
 */
export function isSameText(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

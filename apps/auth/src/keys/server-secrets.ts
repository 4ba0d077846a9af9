import { createHash, hkdfSync } from 'node:crypto';

export interface DerivedKey {
  /** Names the server secret that the key was derived from, without telling anything about it. */
  readonly secretId: string;
  /** 256 bits. */
  readonly key: Buffer;
}

/**
 * The server secret, as one key per purpose (HKDF-SHA-256, RFC 5869). It may be a list while it changes, newest first:
 * the first one makes, all of them check.
 */
export class ServerSecrets {
  private readonly secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    if (secrets.length === 0) throw new Error('at least one server secret is needed');
    this.secrets = secrets;
  }

  /** @param purpose keeps keys of different use apart */
  derive(purpose: string): { current: DerivedKey; all: ReadonlyMap<string, DerivedKey> } {
    const keys = this.secrets.map((secret) => derived(secret, purpose));
    const current = keys[0] ?? derived('', purpose);
    return { current, all: new Map(keys.map((key) => [key.secretId, key])) };
  }
}

const SALT = 'gatehouse server secret';

function derived(secret: string, purpose: string): DerivedKey {
  return {
    secretId: createHash('sha256').update(hkdf(secret, 'id')).digest('base64url').slice(0, 6),
    key: hkdf(secret, purpose),
  };
}

const hkdf = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, SALT, `gatehouse ${purpose}`, 32));

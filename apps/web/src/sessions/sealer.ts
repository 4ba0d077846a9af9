import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const SALT = 'gatehouse web';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a sealed value is bound to. It opens with the same values only. */
export interface Binding {
  readonly purpose: 'session' | 'sign-in' | 'sign-out';
  /** The row or the cookie that holds it. */
  readonly context: string;
  /** A second secret, which this server does not keep: then the server's secret alone does not open the value. */
  readonly share?: string;
}

/** Encrypts with AES-256-GCM, under a key that HKDF-SHA-256 derives from a secret of the server and the share of the binding. */
export class Sealer {
  private readonly secrets: ReadonlyMap<string, string>;
  private readonly newest: readonly [id: string, secret: string];

  /** @param secrets newest first; all open, and the newest one seals */
  constructor(secrets: readonly string[]) {
    const [newest] = secrets;
    if (newest === undefined) throw new Error('at least one session secret is needed');
    this.secrets = new Map(secrets.map((secret) => [identify(secret), secret]));
    this.newest = [identify(newest), newest];
  }

  seal(value: object, binding: Binding): string {
    const [secretId, secret] = this.newest;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', deriveKey(secret, binding), nonce);
    cipher.setAAD(Buffer.from(binding.context));
    const text = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
    const sealed = Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url');
    return `${secretId}.${sealed}`;
  }

  /** @returns undefined unless {@link seal} made the text for this binding with one of the secrets */
  open(text: string, binding: Binding): unknown {
    const [secretId = '', sealed = ''] = text.split('.');
    const secret = this.secrets.get(secretId);
    const bytes = Buffer.from(sealed, 'base64url');
    if (secret === undefined || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', deriveKey(secret, binding), nonce);
    decipher.setAAD(Buffer.from(binding.context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const parts = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
      return JSON.parse(Buffer.concat(parts).toString());
    } catch {
      return undefined;
    }
  }
}

const runHkdf = (material: string, info: string): Buffer =>
  Buffer.from(hkdfSync('sha256', material, SALT, info, 32));

const deriveKey = (secret: string, { purpose, share = '' }: Binding): Buffer =>
  runHkdf(JSON.stringify([secret, share]), `gatehouse web ${purpose}`);

/** Reveals nothing about the secret. */
const identify = (secret: string): string =>
  createHash('sha256').update(runHkdf(secret, 'id')).digest('base64url').slice(0, 6);

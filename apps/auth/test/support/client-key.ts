import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** The key pair of a client. */
export class ClientKey {
  private constructor(
    private readonly privateKey: CryptoKey,
    readonly publicJwk: Readonly<Record<string, unknown>>,
  ) {}

  static async generate(alg = 'ES256', kid: string = randomUUID()): Promise<ClientKey> {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    return new ClientKey(privateKey, { ...(await exportJWK(publicKey)), kid, alg });
  }

  /** Signs the payload. `header` overrides members of the header; `null` removes one. */
  sign(payload: JWTPayload, header: Record<string, unknown> = {}): Promise<string> {
    const { alg, kid } = this.publicJwk;
    const whole = Object.fromEntries(
      Object.entries({ alg: String(alg), kid, ...header }).filter(([, value]) => value !== null),
    );
    return new SignJWT(payload)
      .setProtectedHeader({ alg: String(alg), ...whole })
      .sign(this.privateKey);
  }
}

export const toKeySet = (...keys: readonly ClientKey[]): string =>
  JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) });

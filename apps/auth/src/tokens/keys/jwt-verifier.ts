import { createPublicKey, verify, type VerifyKeyObjectInput } from 'node:crypto';
import { encodeJwtHeader } from './signing-key.service.js';
import type { PublicJwk } from './jwk.js';

const COMPACT_JWS = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/**
 * Verifies JWTs of one type that this server signed itself. Our own code instead of jose (decision 4): the header must equal, byte
 * for byte, a header that this server writes, so no algorithm and no key id is ever read from the token.
 */
export class JwtVerifier {
  private readonly jwksByHeader: ReadonlyMap<string, PublicJwk>;
  private readonly keysByHeader = new Map<string, VerifyKeyObjectInput>();

  constructor(typ: string, jwks: readonly PublicJwk[]) {
    this.jwksByHeader = new Map(jwks.map((jwk) => [encodeJwtHeader(typ, jwk), jwk]));
  }

  /**
   * Does not check the lifetime.
   *
   * @returns the claims; undefined unless one of our keys signed the text as a token of this type
   */
  verify(text: string): unknown {
    const [, header = '', payload = '', signature = ''] = COMPACT_JWS.exec(text) ?? [];
    const key = this.findKey(header);
    if (!key) return undefined;
    const content = Buffer.from(`${header}.${payload}`);
    if (!verify('sha256', content, key, Buffer.from(signature, 'base64url'))) return undefined;
    return JSON.parse(Buffer.from(payload, 'base64url').toString());
  }

  /** @returns whether the header of the text names one of our keys, so that {@link verify} can judge the signature */
  canVerify(text: string): boolean {
    const [, header = ''] = COMPACT_JWS.exec(text) ?? [];
    return this.jwksByHeader.has(header);
  }

  /** Imports a key at its first use. */
  private findKey(header: string): VerifyKeyObjectInput | undefined {
    const imported = this.keysByHeader.get(header);
    const jwk = this.jwksByHeader.get(header);
    if (imported || !jwk) return imported;
    const key = importKey(jwk);
    this.keysByHeader.set(header, key);
    return key;
  }
}

/** JWS encodes an ECDSA signature as r ‖ s (RFC 7518 §3.4), not as DER. */
const importKey = (jwk: PublicJwk): VerifyKeyObjectInput => ({
  key: createPublicKey({ key: jwk, format: 'jwk' }),
  dsaEncoding: 'ieee-p1363',
});

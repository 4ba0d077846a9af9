import { createPublicKey, verify, type VerifyKeyObjectInput } from 'node:crypto';
import { encodeJwtHeader } from './jwt-signer.js';
import type { PublicJwk } from './jwk.js';

const COMPACT_JWS = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/**
 * Verifies JWTs of one type that this server signed itself, when they come back. Their header is what we write, to the byte, and
 * of anybody else's nothing is read: no algorithm is taken from it, and no key is looked for.
 */
export class JwtVerifier {
  private readonly jwksByHeader: ReadonlyMap<string, PublicJwk>;
  private readonly keysByHeader = new Map<string, VerifyKeyObjectInput>();

  constructor(typ: string, jwks: readonly PublicJwk[]) {
    this.jwksByHeader = new Map(jwks.map((jwk) => [encodeJwtHeader(typ, jwk), jwk]));
  }

  /** @returns what was signed, in whatever time; nothing where it was not signed by us as a token of this type */
  verify(text: string): unknown {
    const [, header = '', payload = '', signature = ''] = COMPACT_JWS.exec(text) ?? [];
    const key = this.findKey(header);
    if (!key) return undefined;
    const content = Buffer.from(`${header}.${payload}`);
    if (!verify('sha256', content, key, Buffer.from(signature, 'base64url'))) return undefined;
    return JSON.parse(Buffer.from(payload, 'base64url').toString());
  }

  /** Imported once, when it is first wanted. */
  private findKey(header: string): VerifyKeyObjectInput | undefined {
    const known = this.keysByHeader.get(header);
    const jwk = this.jwksByHeader.get(header);
    if (known || !jwk) return known;
    const key = importKey(jwk);
    this.keysByHeader.set(header, key);
    return key;
  }
}

/** ECDSA signatures are r ‖ s in JWS (RFC 7518 §3.4), not DER. */
const importKey = (jwk: PublicJwk): VerifyKeyObjectInput => ({
  key: createPublicKey({ key: jwk, format: 'jwk' }),
  dsaEncoding: 'ieee-p1363',
});

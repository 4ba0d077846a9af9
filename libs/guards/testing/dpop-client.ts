import { hash, randomUUID } from 'node:crypto';
import type { Algorithm } from '../src/core/algorithms.js';
import { compactJws, generateSigningKey, type SigningKey } from './signing-key.js';
import type { TokenChanges } from './test-issuer.js';

export interface DpopClientOptions {
  /** Default `ES256`. */
  readonly algorithm?: Algorithm;
  /** The time in epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

/** The request that a proof is made for. */
export interface ProvenRequest {
  readonly method: string;
  /** The public URL, as the client knows it. */
  readonly url: string;
  /** Absent in a request to a token endpoint. */
  readonly accessToken?: string;
  /** The nonce that the server sent, if any. */
  readonly nonce?: string;
}

/** A client with its own key. Its proofs are valid unless the test changes them (RFC 9449 §4.2). */
export class DpopClient {
  readonly key: SigningKey;
  private readonly now: () => number;

  constructor({ algorithm = 'ES256', now = Date.now }: DpopClientOptions = {}) {
    this.key = generateSigningKey(algorithm);
    this.now = now;
  }

  /** The claim `cnf` of an access token that is bound to the key (RFC 9449 §6.1). */
  get cnf(): { readonly jkt: string } {
    const { kty, crv, x, y, n, e } = this.jwk;
    const members = { EC: { crv, kty, x, y }, OKP: { crv, kty, x }, RSA: { e, kty, n } };
    const text = JSON.stringify(Reflect.get(members, kty ?? ''));
    return { jkt: hash('sha256', text, 'base64url') };
  }

  /** The public key, as it stands in the header of a proof. */
  get jwk() {
    return this.key.publicKey.export({ format: 'jwk' });
  }

  /** Makes a proof. `claims` override the default claims, and `undefined` removes one. */
  proof(
    { method, url, accessToken, nonce }: ProvenRequest,
    claims: Readonly<Record<string, unknown>> = {},
    { header, signedBy = this.key }: TokenChanges = {},
  ): string {
    const ath = accessToken === undefined ? undefined : hash('sha256', accessToken, 'base64url');
    const iat = Math.floor(this.now() / 1000);
    return compactJws(
      { typ: 'dpop+jwt', alg: this.key.algorithm, jwk: this.jwk, ...header },
      { jti: randomUUID(), htm: method, htu: url, iat, ath, nonce, ...claims },
      signedBy,
    );
  }

  /** The headers of a request with a token that is bound to the key (RFC 9449 §7.1). */
  headers(request: ProvenRequest & { readonly accessToken: string }): Record<string, string> {
    return { Authorization: `DPoP ${request.accessToken}`, DPoP: this.proof(request) };
  }
}

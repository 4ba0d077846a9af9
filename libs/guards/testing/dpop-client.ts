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

/** What a proof is made for. */
export interface ProvenRequest {
  readonly method: string;
  /** As the client knows it: with the origin that the service is reached at from outside. */
  readonly url: string;
  /** Left out at a token endpoint. */
  readonly accessToken?: string;
  /** The nonce that the server gave, where it gave one. */
  readonly nonce?: string;
}

/** A client with a key of its own, which makes proofs that are good unless told otherwise (RFC 9449 §4.2). */
export class DpopClient {
  readonly key: SigningKey;
  private readonly now: () => number;

  constructor({ algorithm = 'ES256', now = Date.now }: DpopClientOptions = {}) {
    this.key = generateSigningKey(algorithm);
    this.now = now;
  }

  /** What an access token says that is bound to the key: the claim `cnf` (RFC 9449 §6.1). */
  get cnf(): { readonly jkt: string } {
    const { kty, crv, x, y, n, e } = this.jwk;
    const members = kty === 'EC' ? { crv, kty, x, y } : { e, kty, n };
    return { jkt: hash('sha256', JSON.stringify(members), 'base64url') };
  }

  /** The public key, as a proof shows it. */
  get jwk() {
    return this.key.publicKey.export({ format: 'jwk' });
  }

  /** Claims are merged over, and `undefined` leaves one out. */
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

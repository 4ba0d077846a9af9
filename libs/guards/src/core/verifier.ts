import type { AccessToken } from './access-token.js';

/** Verifies access tokens. `createVerifier()` makes one for JWTs. `introspection()` makes one for opaque tokens. */
export interface Verifier {
  /** Returns a promise only when it must wait. @throws TokenError with a stable `code` */
  verify(token: string): AccessToken | Promise<AccessToken>;
  /** How long the token may be used before the caller must ask again, in milliseconds. */
  remainingMs(token: AccessToken): number;
  /** Issuer and key identifier of a token for a log line. The text is unverified: encode it before you print it. */
  describe(token: string): TokenDescription;
  /** Resolves when tokens can be verified. For readiness probes. @throws UnavailableError */
  ready(): Promise<void>;
  /** Stops background work. */
  close(): void;
}

export interface TokenDescription {
  /** The trusted issuer that the token names, or the only one. */
  readonly issuer?: string;
  /** At most 256 characters. */
  readonly kid?: string;
}

import type { ChallengeParameters } from './bearer-error.js';
import type { CredentialCarrier } from './credentials.js';

/** A token that its sender may use only with a proof of its key. */
export interface BoundToken {
  readonly token: string;
  /** Thumbprint of the key that the token is bound to. */
  readonly boundTo: string;
}

/** Accepts tokens that are bound to a key of their client, by the scheme `DPoP`. `dpop/` implements it. */
export interface ProofOfPossession {
  /** True if every issuer binds its tokens, so that challenges offer no bearer token. */
  readonly isRequired: boolean;
  /** Parameters of its challenge, besides those of every challenge. */
  readonly challenge: ChallengeParameters;
  /** Members of the metadata document (RFC 9728 §2). */
  readonly metadata: Readonly<Record<string, unknown>>;
  /**
   * Returns a promise only when it must wait. May be called again for the same request.
   *
   * @throws BearerError
   */
  check(request: CredentialCarrier, bound: BoundToken): void | Promise<void>;
  /** Headers of the answer to an admitted request. */
  answerHeaders(): Readonly<Record<string, string>>;
}

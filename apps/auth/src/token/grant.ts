import type { Client } from '../clients/client.entity.js';
import type { TokenResponse } from './token-response.js';
import type { TokenParameters } from './token-parameters.js';

/** A client that is authenticated and allowed to use the grant, and what it sent. */
export interface TokenRequest {
  readonly client: Client;
  readonly parameters: TokenParameters;
  /** Thumbprint of the key that the client has proven to have (RFC 9449 §5); the tokens are bound to it. */
  readonly dpopJkt?: string | undefined;
}

/** One value of `grant_type` (RFC 6749 §4). */
export interface Grant {
  readonly type: string;
  /** @throws {OAuthError} */
  exchange(request: TokenRequest): Promise<TokenResponse>;
}

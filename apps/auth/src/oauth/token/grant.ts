import type { Client } from '../../clients/client.entity.js';
import type { ProvenKey } from './dpop-proof.guard.js';
import type { TokenParameters, TokenResponse } from './token.schema.js';

/** A client that is authenticated and allowed to use the grant, and what it sent. */
export interface TokenRequest {
  readonly client: Client;
  readonly parameters: TokenParameters;
  /** A key that the client has proven to have: the tokens are bound to it (RFC 9449 §5). */
  readonly proven?: ProvenKey | undefined;
}

/** One value of `grant_type` (RFC 6749 §4). */
export interface Grant {
  readonly type: string;
  /** @throws {OAuthError} */
  exchange(request: TokenRequest): Promise<TokenResponse>;
}

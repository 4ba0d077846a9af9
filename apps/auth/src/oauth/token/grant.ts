import type { Client } from '../../clients/client.entity.js';
import type { ProvenKey } from './dpop-proof.guard.js';
import type { TokenParameters, TokenResponse } from './token.schema.js';

/** A token request of an authenticated client that may use the grant. */
export interface TokenRequest {
  readonly client: Client;
  readonly parameters: TokenParameters;
  /** The key of the client's DPoP proof. The tokens are bound to it (RFC 9449 §5). */
  readonly provenKey?: ProvenKey | undefined;
}

/** One value of `grant_type` (RFC 6749 §4). */
export interface Grant {
  readonly type: string;
  /** @throws {OAuthError} */
  exchange(request: TokenRequest): Promise<TokenResponse>;
}

import type { Client } from '../../clients/client.entity.js';
import type { ClaimsRequest } from '../../tokens/standard-claims.js';

/** How the browser carries the response to the client (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode). */
export const RESPONSE_MODES = ['query', 'form_post'] as const;
export type ResponseMode = (typeof RESPONSE_MODES)[number];

/** OpenID Connect Core §3.1.2.1; `create` of Initiating User Registration via OpenID Connect 1.0 §4. */
export const PROMPTS = ['none', 'login', 'consent', 'select_account', 'create'] as const;
export type Prompt = (typeof PROMPTS)[number];

/** Where the authorization response goes. The redirect URI is validated, so errors may be sent there. */
export interface Destination {
  readonly client: Client;
  readonly redirectUri: string;
  readonly responseMode: ResponseMode;
  readonly state: string | undefined;
  /** Lets a client that uses several authorization servers tell their responses apart (RFC 9207). */
  readonly issuer: string;
}

/** A validated authorization request. */
export interface AuthorizationRequest {
  readonly destination: Destination;
  readonly scope: readonly string[];
  /** The resource servers at which the scope is valid (RFC 8707). */
  readonly resources: readonly string[];
  readonly codeChallenge: string | undefined;
  /** Thumbprint of the key to which the code is bound (RFC 9449 §10). */
  readonly dpopJkt: string | undefined;
  readonly nonce: string | undefined;
  readonly prompt: ReadonlySet<Prompt>;
  /** Seconds. */
  readonly maxAge: number | undefined;
  readonly idTokenHint: string | undefined;
  /** The only subject for which the response is allowed (OpenID Connect Core §5.5.1). */
  readonly subject: string | undefined;
  /** The requested claims that the client's scopes allow. */
  readonly claims: ClaimsRequest;
  /** The scope for which the user's consent is required: the requested scope and the scopes of the requested claims. */
  readonly consentScope: readonly string[];
}

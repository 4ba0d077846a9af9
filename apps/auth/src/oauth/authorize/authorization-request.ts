import type { Client } from '../../clients/client.entity.js';
import type { ClaimsRequest } from './claims-parameter.js';

/** How the answer gets to the client (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode). */
export const RESPONSE_MODES = ['query', 'form_post'] as const;
export type ResponseMode = (typeof RESPONSE_MODES)[number];

/** OpenID Connect Core §3.1.2.1. */
export const PROMPTS = ['none', 'login', 'consent', 'select_account'] as const;
export type Prompt = (typeof PROMPTS)[number];

/** Where the answer goes: proven to belong to the client, so that errors may go there as well. */
export interface Destination {
  readonly client: Client;
  readonly redirectUri: string;
  readonly responseMode: ResponseMode;
  readonly state: string | undefined;
  /** Who answers: the client may have asked others as well (RFC 9207). */
  readonly issuer: string;
}

/** An authorization request in which everything is as it has to be. */
export interface AuthorizationRequest {
  readonly destination: Destination;
  readonly scope: readonly string[];
  /** The resource servers that the scope is good for (RFC 8707). */
  readonly resources: readonly string[];
  readonly codeChallenge: string | undefined;
  /** Thumbprint of the only key that the code is good with (RFC 9449 §10). */
  readonly dpopJkt: string | undefined;
  readonly nonce: string | undefined;
  readonly prompt: ReadonlySet<Prompt>;
  /** Seconds. */
  readonly maxAge: number | undefined;
  readonly idTokenHint: string | undefined;
  /** The only one that the answer may be about (OpenID Connect Core §5.5.1). */
  readonly subject: string | undefined;
  /** Those that the client may have. */
  readonly claims: ClaimsRequest;
  /** What a person is asked for: the scope, and the scopes that the claims are part of. */
  readonly asked: readonly string[];
}

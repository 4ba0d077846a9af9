import type { RequestArrival } from '@gatehouse/service-kit';
import { z } from 'zod';
import { type Client, TOKEN_EXCHANGE } from '../../clients/client.entity.js';
import { clientAuthenticationParameters } from '../../clients/presented-credentials.js';
import { exactFormText, formText } from '../../platform/request-text.js';
import { CODE_VERIFIER } from '../authorize/pkce.js';
import type { ProvenKey } from './proven-key.js';

/** The values of `grant_type` that the token endpoint serves. */
export const SERVED_GRANTS: readonly string[] = [
  // One line for each file *.grant.ts.
  'authorization_code',
  'refresh_token',
  'client_credentials',
  TOKEN_EXCHANGE,
];

/**
 * A parameter that may be repeated (RFC 8707 §2, RFC 8693 §2.1). Several different values are joined by spaces. No resource
 * server has such an identifier, so the request fails: an access token has only one audience.
 */
const repeatableTarget = z.preprocess(
  (sent) => (Array.isArray(sent) ? [...new Set(sent)].join(' ') : sent),
  formText(2000).optional(),
);

/**
 * Parameters of the token endpoint. Unknown parameters are ignored (RFC 6749 §3.2). A repeated parameter arrives as an array,
 * which only the two targets accept. Client authentication reads its own parameters.
 */
export const tokenParameters = z.object({
  grant_type: formText(255).describe(SERVED_GRANTS.map((type) => `\`${type}\``).join(', ')),
  code: formText(200).optional(),
  redirect_uri: exactFormText(2000).optional().describe('As in the authorization request'),
  code_verifier: formText(128)
    .regex(CODE_VERIFIER, 'must have 43 to 128 unreserved characters (RFC 7636)')
    .optional()
    .describe('RFC 7636 §4.1'),
  refresh_token: formText(200).optional(),
  scope: formText(2000).optional().describe('A part of the granted scope. Default: all of it'),
  resource: repeatableTarget.describe(
    'The resource server that the access token is for (RFC 8707)',
  ),
  audience: repeatableTarget.describe('The RFC 8693 name of `resource`'),
  subject_token: formText(8192).optional().describe('The access token to exchange'),
  subject_token_type: formText(255).optional(),
  requested_token_type: formText(255).optional(),
  actor_token: z.string().optional().describe('Refused: the client itself is the actor'),
  actor_token_type: z.string().optional(),
  ...clientAuthenticationParameters,
});
export type TokenParameters = z.infer<typeof tokenParameters>;

/** Successful answer of the token endpoint (RFC 6749 §5.1). */
export const tokenResponse = z.object({
  access_token: z.string().describe('A JWT by RFC 9068'),
  token_type: z
    .enum(['Bearer', 'DPoP'])
    .describe('`DPoP` if the token is bound to a key (RFC 9449 §5)'),
  expires_in: z.int().describe('Seconds'),
  scope: z.string(),
  issued_token_type: z.string().optional().describe('Of a token exchange only (RFC 8693 §2.2.1)'),
  id_token: z
    .string()
    .optional()
    .describe('If the scope contains `openid` (OpenID Connect Core §2)'),
  refresh_token: z.string().optional().describe('Absent for services, and if it comes in a cookie'),
});
export type TokenResponse = Readonly<z.infer<typeof tokenResponse>>;

/** A token request of an authenticated client that may use the grant. */
export interface TokenRequest {
  readonly client: Client;
  readonly parameters: TokenParameters;
  /** The key of the client's DPoP proof. The tokens are bound to it (RFC 9449 §5). */
  readonly provenKey?: ProvenKey | undefined;
  readonly arrival: RequestArrival;
}

/** One value of `grant_type` (RFC 6749 §4). */
export interface Grant {
  readonly type: string;
  /** @throws {OAuthError} */
  exchange(request: TokenRequest): Promise<TokenResponse>;
}

import { z } from 'zod';
import { CODE_VERIFIER } from '../authorize/pkce.js';
import { GRANT_TYPES } from '../clients/client.entity.js';
import { clientParameters } from '../clients/client-parameters.js';

/**
 * May be repeated (RFC 8707 §2, RFC 8693 §2.1). Several are apart by spaces, as in an authorization request, and no resource
 * server is called so: an access token is for one.
 */
const target = z.preprocess(
  (sent) => (Array.isArray(sent) ? [...new Set(sent)].join(' ') : sent),
  z.string().max(2000).optional(),
);

/**
 * Parameters of the token endpoint. Unknown ones are ignored (RFC 6749 §3.2); a repeated one arrives as an array, which
 * none accepts but these. Client authentication reads its own.
 */
export const tokenParameters = z.object({
  grant_type: z.string().describe(GRANT_TYPES.map((type) => `\`${type}\``).join(', ')),
  code: z.string().max(200).optional(),
  redirect_uri: z.string().max(2000).optional().describe('As in the authorization request'),
  code_verifier: z.string().regex(CODE_VERIFIER).optional().describe('RFC 7636 §4.1'),
  refresh_token: z.string().max(200).optional(),
  scope: z.string().max(2000).optional().describe('Less than was granted; all of it when left out'),
  resource: target.describe('The resource server that the access token is for (RFC 8707)'),
  audience: target.describe('The same, in the words of RFC 8693'),
  subject_token: z.string().max(8192).optional().describe('The access token to exchange'),
  subject_token_type: z.string().max(255).optional(),
  requested_token_type: z.string().max(255).optional(),
  actor_token: z.string().optional().describe('Refused: the client itself is the actor'),
  actor_token_type: z.string().optional(),
  ...clientParameters,
});
export type TokenParameters = z.infer<typeof tokenParameters>;

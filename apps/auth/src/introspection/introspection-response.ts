import { z } from 'zod';
import { issuedToken } from '../issued-tokens/issued-token.js';

/** What a token is worth (RFC 7662 §2.2). "If the token is not active … the server SHOULD NOT include any additional information". */
export const introspectionResponse = z.discriminatedUnion('active', [
  z.object({ active: z.literal(false) }),
  z.object({
    active: z.literal(true),
    token_type: z.enum(['Bearer', 'DPoP']),
    ...issuedToken.omit({ may_act: true }).shape,
  }),
]);
export type IntrospectionResponse = Readonly<z.infer<typeof introspectionResponse>>;

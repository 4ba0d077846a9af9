import { z } from 'zod';

/** Client authentication in the body (RFC 6749 §2.3.1, RFC 7521 §4.2), at every endpoint that asks for it. */
export const clientParameters = {
  client_id: z.string().max(64).optional(),
  client_secret: z.string().max(255).optional(),
  client_assertion_type: z.string().max(255).optional(),
  client_assertion: z.string().max(8192).optional().describe('A JWT (RFC 7523)'),
};

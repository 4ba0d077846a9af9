import { z } from 'zod';
import { clientParameters } from '../clients/client-parameters.js';

/** RFC 7009 §2.1. Tokens can be told apart by their form, so no hint is needed, and a wrong one does no harm. */
export const revocationParameters = z.object({
  token: z.string().max(8192),
  token_type_hint: z.string().max(255).optional().describe('Not looked at'),
  ...clientParameters,
});
export type RevocationParameters = z.infer<typeof revocationParameters>;

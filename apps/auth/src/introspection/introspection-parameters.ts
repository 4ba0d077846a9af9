import { z } from 'zod';
import { clientParameters } from '../clients/client-parameters.js';

/** RFC 7662 §2.1. Access tokens are all that is told about, so a hint is not looked at. */
export const introspectionParameters = z.object({
  token: z.string().max(8192),
  token_type_hint: z.string().max(255).optional().describe('Not looked at'),
  ...clientParameters,
});
export type IntrospectionParameters = z.infer<typeof introspectionParameters>;

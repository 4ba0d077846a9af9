import { z } from 'zod';

/** Successful answer of the token endpoint (RFC 6749 §5.1). */
export const tokenResponse = z.object({
  access_token: z.string().describe('A JWT by RFC 9068'),
  token_type: z.enum(['Bearer', 'DPoP']).describe('`DPoP` where it takes a proof (RFC 9449 §5)'),
  expires_in: z.int().describe('Seconds'),
  scope: z.string(),
  issued_token_type: z.string().optional().describe('Of a token exchange (RFC 8693 §2.2.1)'),
  id_token: z.string().optional().describe('Where `openid` was granted (OpenID Connect Core §2)'),
  refresh_token: z.string().optional().describe('Absent for services, and where it is in a cookie'),
});
export type TokenResponse = Readonly<z.infer<typeof tokenResponse>>;

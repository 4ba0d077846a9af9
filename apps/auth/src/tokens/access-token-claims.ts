import { z } from 'zod';

/** Who acts for the subject, and for whom that one acted (RFC 8693 §4.1). */
const actor = z.object({
  sub: z.string(),
  get act() {
    return actor.optional();
  },
});
export type Actor = Readonly<z.infer<typeof actor>>;

/** What an access token of this server says, as far as this server wants to know. */
export const accessTokenClaims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.string(),
  client_id: z.string(),
  scope: z.string(),
  iat: z.int(),
  exp: z.int(),
  jti: z.string(),
  sid: z.string().optional(),
  auth_time: z.int().optional(),
  act: actor.optional(),
  /** Who may act for the subject, and nobody else (RFC 8693 §4.4). */
  may_act: z.object({ sub: z.string() }).optional(),
  cnf: z.object({ jkt: z.string().optional() }).optional(),
});
export type AccessTokenClaims = Readonly<z.infer<typeof accessTokenClaims>>;

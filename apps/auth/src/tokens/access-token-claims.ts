import { z } from 'zod';

/** The party that acts for the subject; `act` inside names the previous actor (RFC 8693 §4.1). */
const actor = z.object({
  sub: z.string(),
  get act() {
    return actor.optional();
  },
});
export type Actor = Readonly<z.infer<typeof actor>>;

/** The claims that this server reads from its own access tokens. */
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
  /** The only party that may act for the subject (RFC 8693 §4.4). */
  may_act: z.object({ sub: z.string() }).optional(),
  cnf: z.object({ jkt: z.string().optional() }).optional(),
});
export type AccessTokenClaims = Readonly<z.infer<typeof accessTokenClaims>>;

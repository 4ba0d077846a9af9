import { z } from 'zod';

const accessToken = z.object({
  accessToken: z.string(),
  scope: z.array(z.string()),
  /** Epoch milliseconds. */
  issuedAt: z.number(),
  /** Epoch milliseconds. */
  expiresAt: z.number(),
});
export type StoredAccessToken = Readonly<z.infer<typeof accessToken>>;

/** What the payload of a session holds. No part of it reaches the browser, except name, e-mail address and scopes. */
export const sessionContent = z.object({
  refreshToken: z.string(),
  name: z.string().optional(),
  email: z.string().optional(),
  /** By resource (RFC 8707). A resource that the user granted nothing for has no entry. */
  accessTokens: z.record(z.string(), accessToken),
});
export type SessionContent = Readonly<z.infer<typeof sessionContent>>;

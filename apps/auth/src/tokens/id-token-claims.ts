import { z } from 'zod';
import type { PublicJwk } from './keys/jwk.js';
import { JwtVerifier } from './keys/jwt-verifier.js';

/**
 * How sure it is that somebody is who they say (OpenID Connect Core §2, `acr`): one factor, as level 1 of ISO/IEC 29115. There is
 * no other way to log in.
 */
export const ACR = '1';

const idTokenClaims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.string(),
  sid: z.string(),
});
/** As much of an ID token as a hint is good for. */
export type IdTokenClaims = Readonly<z.infer<typeof idTokenClaims>>;

/** Endpoints take a hint of 4,000 characters and some more. */
const ID_TOKEN_PATTERN = /^([\w-]{1,300})\.([\w-]{1,4000})\.([\w-]{1,700})$/;

/** @returns the claims of an ID token that one of the keys signed, whenever that was */
export function verifyIdToken(text: string, keys: readonly PublicJwk[]): IdTokenClaims | undefined {
  if (!ID_TOKEN_PATTERN.test(text)) return undefined;
  return idTokenClaims.safeParse(new JwtVerifier('JWT', keys).verify(text)).data;
}

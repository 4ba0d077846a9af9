import { z } from 'zod';
import type { PublicJwk } from './keys/jwk.js';
import { JwtVerifier } from './keys/jwt-verifier.js';

/**
 * The only authentication context class of this server (OpenID Connect Core §2, `acr`): one factor, level 1 of ISO/IEC 29115.
 */
export const ACR = '1';

const idTokenClaims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.string(),
  sid: z.string(),
});
/** The claims that the server reads from an `id_token_hint`. */
export type IdTokenClaims = Readonly<z.infer<typeof idTokenClaims>>;

/** Bounds the work for a hint. Endpoints accept hints of a little more than 4,000 characters. */
const ID_TOKEN_PATTERN = /^([\w-]{1,300})\.([\w-]{1,4000})\.([\w-]{1,700})$/;

/** Does not check the lifetime. @returns the claims, if one of the keys signed the ID token */
export function verifyIdToken(text: string, keys: readonly PublicJwk[]): IdTokenClaims | undefined {
  if (!ID_TOKEN_PATTERN.test(text)) return undefined;
  return idTokenClaims.safeParse(new JwtVerifier('JWT', keys).verify(text)).data;
}

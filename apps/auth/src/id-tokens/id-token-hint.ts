import { z } from 'zod';
import { JwtVerifier } from '../keys/jwt-verifier.js';
import type { PublicJwk } from '../keys/key-pair.js';

const idTokenClaims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.string(),
  sid: z.string(),
});
/** As much of an ID token as a hint is good for. */
export type IdTokenClaims = Readonly<z.infer<typeof idTokenClaims>>;

/** Endpoints take a hint of 4,000 characters and some more. */
const FORM = /^([\w-]{1,300})\.([\w-]{1,4000})\.([\w-]{1,700})$/;

/** @returns the claims of an ID token that one of the keys signed, whenever that was */
export function verifiedClaims(
  text: string,
  keys: readonly PublicJwk[],
): IdTokenClaims | undefined {
  if (!FORM.test(text)) return undefined;
  return idTokenClaims.safeParse(new JwtVerifier('JWT', keys).verify(text)).data;
}

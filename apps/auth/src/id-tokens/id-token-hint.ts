import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import type { PublicJwk } from '../keys/key-pair.js';

const header = z.object({
  alg: z.enum(['ES256', 'RS256']),
  typ: z.literal('JWT'),
  kid: z.string(),
  crit: z.undefined().optional(),
});

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
  const [, head = '', body = '', signature = ''] = FORM.exec(text) ?? [];
  const jwk = keyOf(head, keys);
  if (!jwk || !isSignedBy(jwk, `${head}.${body}`, signature)) return undefined;
  return idTokenClaims.safeParse(jsonOf(body)).data;
}

function keyOf(head: string, keys: readonly PublicJwk[]): PublicJwk | undefined {
  const { data } = header.safeParse(jsonOf(head));
  return data && keys.find(({ kid, alg }) => kid === data.kid && alg === data.alg);
}

/** ECDSA signatures are r ‖ s in JWS (RFC 7518 §3.4), not DER. */
function isSignedBy(jwk: PublicJwk, content: string, signature: string): boolean {
  const key = {
    key: createPublicKey({ key: jwk, format: 'jwk' }),
    dsaEncoding: 'ieee-p1363',
  } as const;
  return verify('sha256', Buffer.from(content), key, Buffer.from(signature, 'base64url'));
}

function jsonOf(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return undefined;
  }
}

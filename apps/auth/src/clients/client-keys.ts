import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { z } from 'zod';

/** What client assertions may be signed with (RFC 7518 §3.1). Nothing symmetric: a shared secret is a secret that two have. */
export const ASSERTION_ALGORITHMS = ['ES256', 'PS256', 'RS256', 'EdDSA'] as const;

/** The members that only a private or a symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** base64url of so many characters. */
const base64urlText = (least: number, most = least) =>
  z.string().regex(new RegExp(`^[\\w-]{${least},${most}}$`));

const commonMembers = {
  kid: z.string().min(1).max(255),
  use: z.literal('sig').optional(),
};
const publicKeySchema = z
  .discriminatedUnion('kty', [
    z.object({
      ...commonMembers,
      kty: z.literal('EC'),
      alg: z.literal('ES256'),
      crv: z.literal('P-256'),
      x: base64urlText(43),
      y: base64urlText(43),
    }),
    z.object({
      ...commonMembers,
      kty: z.literal('RSA'),
      alg: z.enum(['PS256', 'RS256']),
      // 2048 to 4096 bits: shorter is weak, and longer makes us work.
      n: base64urlText(342, 683),
      e: z.literal('AQAB'),
    }),
    z.object({
      ...commonMembers,
      kty: z.literal('OKP'),
      alg: z.literal('EdDSA'),
      crv: z.literal('Ed25519'),
      x: base64urlText(43),
    }),
  ])
  .refine(isImportable, { error: 'is no public key' });

/**
 * The public keys of a client (RFC 7517 §5). Each names the one algorithm that it is for, and itself: nothing has to be guessed.
 * Members that nobody needs are dropped, private ones refused: whoever could read them could be the client.
 */
export const clientKeySetSchema = z
  .object({
    keys: z
      .array(
        z
          .unknown()
          .refine(hasNoPrivateMembers, { error: 'holds a private key: register the public one' }),
      )
      .min(1)
      .max(10)
      .pipe(z.array(publicKeySchema)),
  })
  .refine(({ keys }) => new Set(keys.map(({ kid }) => kid)).size === keys.length, {
    error: 'two keys have the same kid',
  });
export type ClientKeySet = z.infer<typeof clientKeySetSchema>;

function hasNoPrivateMembers(jwk: unknown): boolean {
  return !PRIVATE_MEMBERS.some((name) => Object.hasOwn(Object(jwk), name));
}

/** A point that is on its curve, and so on. */
function isImportable(jwk: JsonWebKey): boolean {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' }).type === 'public';
  } catch {
    return false;
  }
}

import { createPublicKey, hash, type JsonWebKey, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

export const generateClientSecret = (): string => randomBytes(32).toString('base64url');

export const hashClientSecret = (secret: string): string => hash('sha256', secret, 'base64url');

/** Compares with every hash, and with a dummy hash if there is none, so that the duration reveals nothing. */
export function isClientSecretCorrect(secret: string, hashes: readonly string[]): boolean {
  const presented = Buffer.from(hashClientSecret(secret));
  const candidates = hashes.length > 0 ? hashes : [hashClientSecret('')];
  const matches = candidates.map((hash) => timingSafeEqual(presented, Buffer.from(hash)));
  return matches.includes(true) && hashes.length > 0;
}

/** Signature algorithms of client assertions (RFC 7518 §3.1). None is symmetric, because the server would hold the same secret. */
export const ASSERTION_ALGORITHMS = ['ES256', 'PS256', 'RS256', 'EdDSA'] as const;

/** The members that only a private or a symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** @param min number of characters */
const base64urlText = (min: number, max = min) =>
  z.string().regex(new RegExp(`^[\\w-]{${min},${max}}$`));

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
      // 2048 to 4096 bits: shorter keys are weak, and longer keys cost this server too much time.
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
 * The public keys of a client (RFC 7517 §5). Each key has a `kid` and its one algorithm, so that the verifier never guesses.
 * Unknown members are dropped. Private members are rejected, because a reader of the database could impersonate the client.
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

/** For example, an EC point must be on its curve. */
function isImportable(jwk: JsonWebKey): boolean {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' }).type === 'public';
  } catch {
    return false;
  }
}

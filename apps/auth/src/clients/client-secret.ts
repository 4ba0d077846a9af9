import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export const generateClientSecret = (): string => randomBytes(32).toString('base64url');

export const hashClientSecret = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url');

/** Compares with every hash, and with a dummy hash if there is none, so that the duration reveals nothing. */
export function isClientSecretCorrect(secret: string, hashes: readonly string[]): boolean {
  const presented = Buffer.from(hashClientSecret(secret));
  const candidates = hashes.length > 0 ? hashes : [hashClientSecret('')];
  const matches = candidates.map((hash) => timingSafeEqual(presented, Buffer.from(hash)));
  return matches.includes(true) && hashes.length > 0;
}

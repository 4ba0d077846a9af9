import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export const generateClientSecret = (): string => randomBytes(32).toString('base64url');

export const hashClientSecret = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url');

/** Takes the same time whichever of the hashes fits, and also when there is none to compare with. */
export function isClientSecretCorrect(secret: string, hashes: readonly string[]): boolean {
  const presented = Buffer.from(hashClientSecret(secret));
  const candidates = hashes.length > 0 ? hashes : [hashClientSecret('')];
  const fits = candidates.map((hash) => timingSafeEqual(presented, Buffer.from(hash)));
  return fits.includes(true) && hashes.length > 0;
}

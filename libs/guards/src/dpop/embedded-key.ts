import { createPublicKey } from 'node:crypto';
import type { Algorithm } from '../core/algorithms.js';
import { isJsonObject } from '../core/strict-json.js';
import {
  chooseAlgorithm,
  findUseFault,
  isSound,
  pickPublicMembers,
  VerificationKey,
} from '../core/verification-key.js';

/** Imports the key in the header of a DPoP proof, for the algorithm named there. `cnf.jkt` of the token identifies the key. */
export function importEmbeddedKey(algorithm: Algorithm, jwk: unknown): VerificationKey | undefined {
  if (!isJsonObject(jwk) || findUseFault(jwk) !== undefined) return undefined;
  if (!chooseAlgorithm(jwk, [algorithm])) return undefined;
  try {
    const key = createPublicKey({ key: pickPublicMembers(jwk), format: 'jwk' });
    return isSound(key) ? new VerificationKey(key, algorithm) : undefined;
  } catch {
    // A member is not a string, or the point is not on its curve.
    return undefined;
  }
}

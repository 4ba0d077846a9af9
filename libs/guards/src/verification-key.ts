import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Algorithm } from './algorithms.js';
import { isJsonObject, type JsonObject } from './strict-json.js';

/** A public key and the one algorithm it verifies (RFC 8725 §3.1). */
export interface VerificationKey {
  readonly publicKey: KeyObject;
  readonly algorithm: Algorithm;
}

/** RFC 7518 §3.4. */
const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

/** RFC 7518 §3.3, §3.5. */
const MIN_RSA_BITS = 2048;

/** Members that only a secret or private key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * The keys of a JWK set that may verify access tokens, by key identifier. The others are passed over
 * (RFC 7517 §5), and so is every key whose identifier another one shares.
 *
 * @throws TypeError when `keys` is not an array or nothing usable is in it
 */
export function parseKeySet(
  keys: unknown,
  allowed: readonly Algorithm[],
): ReadonlyMap<string, VerificationKey> {
  if (!Array.isArray(keys)) throw new TypeError('The key set has no "keys" (RFC 7517 §5)');
  const usable = new Map<string, VerificationKey>();
  const ambiguous = new Set<string>();
  for (const jwk of keys) {
    const key = parseKey(jwk, allowed);
    if (!key) continue;
    if (usable.has(key.kid)) ambiguous.add(key.kid);
    usable.set(key.kid, key);
  }
  for (const kid of ambiguous) usable.delete(kid);
  if (usable.size === 0)
    throw new TypeError('The key set holds no key that may verify access tokens');
  return usable;
}

function parseKey(
  jwk: unknown,
  allowed: readonly Algorithm[],
): (VerificationKey & { kid: string }) | undefined {
  if (!isJsonObject(jwk) || !isForVerifying(jwk)) return undefined;
  const { kid } = jwk;
  const algorithm = algorithmOf(jwk, allowed);
  if (typeof kid !== 'string' || kid === '' || !algorithm) return undefined;
  const publicKey = importKey(jwk);
  return publicKey && { kid, algorithm, publicKey };
}

/** RFC 7517 §4.2 and §4.3. A key whose private part is published is nobody's key any more. */
function isForVerifying(jwk: JsonObject): boolean {
  const { use, key_ops: operations } = jwk;
  if (use !== undefined && use !== 'sig') return false;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return false;
  }
  return !SECRET_MEMBERS.some((name) => Object.hasOwn(jwk, name));
}

/** `alg` of the key if it has one; else the only allowed algorithm that fits it, if there is just one. */
function algorithmOf(jwk: JsonObject, allowed: readonly Algorithm[]): Algorithm | undefined {
  const fitting = allowed.filter((algorithm) => fits(jwk, algorithm));
  if (jwk['alg'] !== undefined) return fitting.find((algorithm) => algorithm === jwk['alg']);
  return fitting.length === 1 ? fitting[0] : undefined;
}

function fits({ kty, crv }: JsonObject, algorithm: Algorithm): boolean {
  const curve = CURVES[algorithm];
  return curve === undefined ? kty === 'RSA' : kty === 'EC' && crv === curve;
}

function importKey(jwk: JsonObject): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: publicMembers(jwk), format: 'jwk' });
    const bits = key.asymmetricKeyDetails?.modulusLength;
    return bits !== undefined && bits < MIN_RSA_BITS ? undefined : key;
  } catch {
    return undefined;
  }
}

/** RFC 7518 §6.2.1 and §6.3.1. Whatever is not text makes createPublicKey() throw. */
function publicMembers({ kty, crv, x, y, n, e }: JsonObject): JsonWebKey {
  return Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
  );
}

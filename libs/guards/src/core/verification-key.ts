import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { type Algorithm, getAlgorithmParameters } from './algorithms.js';
import type { CompactJws, JoseHeader } from './jws.js';
import { isJsonObject, type JsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

/** A public key and the one algorithm it verifies (RFC 8725 §3.1). */
export class VerificationKey {
  private readonly hash: string;
  private readonly verifyInput: Parameters<typeof verify>[2];

  constructor(
    readonly publicKey: KeyObject,
    readonly algorithm: Algorithm,
  ) {
    const { hash, verifyOptions } = getAlgorithmParameters(algorithm);
    this.hash = hash;
    this.verifyInput = { key: publicKey, ...verifyOptions };
  }

  /** Whether this key signed the text (RFC 7515 §5.2). */
  isValidSignature(signingInput: string, signature: Buffer): boolean {
    return verify(this.hash, Buffer.from(signingInput, 'latin1'), this.verifyInput, signature);
  }

  equals(other: VerificationKey | undefined): boolean {
    return other?.algorithm === this.algorithm && other.publicKey.equals(this.publicKey);
  }
}

/** RFC 7518 §3.3, §3.5. */
const MIN_RSA_BITS = 2048;

/** FIPS 186-5 §5.1. */
const MIN_RSA_EXPONENT = 65_537n;

/** Members that only a secret or private key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * The keys of a JWK set that may verify access tokens, by key identifier. Other keys are ignored (RFC 7517 §5), and so
 * are keys that share an identifier.
 *
 * @throws TypeError when `keys` is not an array, or holds no usable key
 */
export function parseKeySet(
  keys: unknown,
  allowed: readonly Algorithm[],
): ReadonlyMap<string, VerificationKey> {
  if (!Array.isArray(keys)) throw new TypeError('The key set has no "keys" (RFC 7517 §5)');
  const usable = new Map<string, VerificationKey>();
  const ambiguous = new Set<string>();
  for (const [kid, key] of keys.flatMap((jwk) => parseKey(jwk, allowed))) {
    if (usable.has(kid)) ambiguous.add(kid);
    usable.set(kid, key);
  }
  for (const kid of ambiguous) usable.delete(kid);
  if (usable.size === 0)
    throw new TypeError('The key set holds no key that may verify access tokens');
  return usable;
}

/** An empty list, or the key with its identifier. */
function parseKey(
  jwk: unknown,
  allowed: readonly Algorithm[],
): [kid: string, key: VerificationKey][] {
  if (!isJsonObject(jwk) || !isVerificationJwk(jwk)) return [];
  const { kid } = jwk;
  const algorithm = chooseAlgorithm(jwk, allowed);
  if (typeof kid !== 'string' || kid === '' || !algorithm) return [];
  const publicKey = importKey(jwk);
  return publicKey ? [[kid, new VerificationKey(publicKey, algorithm)]] : [];
}

/** Imports the key in the header of a DPoP proof, for the algorithm named there. `cnf.jkt` of the token says who owns it. */
export function importEmbeddedKey(algorithm: Algorithm, jwk: unknown): VerificationKey | undefined {
  if (!isJsonObject(jwk) || !isVerificationJwk(jwk)) return undefined;
  const publicKey = chooseAlgorithm(jwk, [algorithm]) && importKey(jwk);
  return publicKey && new VerificationKey(publicKey, algorithm);
}

/** RFC 7517 §4.2 and §4.3. A key whose private part is published identifies no signer. */
function isVerificationJwk(jwk: JsonObject): boolean {
  const { use, key_ops: operations } = jwk;
  if (use !== undefined && use !== 'sig') return false;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return false;
  }
  return !SECRET_MEMBERS.some((name) => Object.hasOwn(jwk, name));
}

/** The `alg` of the key. Without one, the only allowed algorithm that fits the key, if exactly one does. */
function chooseAlgorithm(jwk: JsonObject, allowed: readonly Algorithm[]): Algorithm | undefined {
  const fitting = allowed.filter((algorithm) => isKeyForAlgorithm(jwk, algorithm));
  if (jwk['alg'] !== undefined) return fitting.find((algorithm) => algorithm === jwk['alg']);
  return fitting.length === 1 ? fitting[0] : undefined;
}

function isKeyForAlgorithm({ kty, crv }: JsonObject, algorithm: Algorithm): boolean {
  const { keyType, curve } = getAlgorithmParameters(algorithm);
  return kty === keyType && (curve === undefined || crv === curve);
}

function importKey(jwk: JsonObject): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: pickPublicMembers(jwk), format: 'jwk' });
    return key.asymmetricKeyType === 'rsa' && !isSoundRsa(key) ? undefined : key;
  } catch {
    return undefined;
  }
}

/** With an exponent of 1, every text would be its own signature. */
function isSoundRsa({ asymmetricKeyDetails: details = {} }: KeyObject): boolean {
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = details;
  return bits >= MIN_RSA_BITS && exponent >= MIN_RSA_EXPONENT && exponent % 2n === 1n;
}

/** RFC 7518 §6.2.1 and §6.3.1. createPublicKey() throws when a member is not a string. */
function pickPublicMembers({ kty, crv, x, y, n, e }: JsonObject): JsonWebKey {
  return Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
  );
}

export interface SignedJws {
  readonly jose: JoseHeader;
  readonly jws: CompactJws;
}

/**
 * The key must exist, be for the algorithm of the header (RFC 8725 §3.1), and verify the signature (RFC 7515 §5.2).
 *
 * @throws TokenError
 */
export function checkSignature(
  { jose, jws }: SignedJws,
  key: VerificationKey | undefined,
): asserts key is VerificationKey {
  if (!key) throw new TokenError('unknown_key');
  if (key.algorithm !== jose.alg) throw new TokenError('refused_algorithm');
  if (!key.isValidSignature(jws.signingInput, jws.signature)) throw new TokenError('bad_signature');
}

import { type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { type Algorithm, getAlgorithmParameters, isSameAlgorithm } from './algorithms.js';
import type { CompactJws, JoseHeader } from './jws.js';
import { isName } from './options.js';
import { isJsonObject, type JsonObject } from './strict-json.js';
import { quoteValue, TokenError } from './token-error.js';

/** Signatures of this process that the thread pool is checking. */
let pooled = 0;
/** Whether the event loop has checked a signature itself since it last looked for events. */
let hasChecked = false;

/** Where a signature is checked. The way to a thread and back takes 5 to 12 µs, and keeps the event loop free meanwhile. */
type Place = 'event loop' | 'thread if busy' | 'thread';

/** Measured: RSA of 2048 bits takes 17 µs, of 4096 bits 56, P-256 45, Ed25519 64, P-384 457, P-521 1041. */
function choosePlace(
  { asymmetricKeyDetails: details = {} }: KeyObject,
  algorithm: Algorithm,
): Place {
  if (details.modulusLength !== undefined && details.modulusLength < 4096) return 'event loop';
  return algorithm === 'ES384' || algorithm === 'ES512' ? 'thread' : 'thread if busy';
}

/** The event loop checks one signature itself before it looks for events, unless threads are at work. */
function isBusy(): boolean {
  if (pooled > 0 || hasChecked) return true;
  hasChecked = true;
  setImmediate(() => (hasChecked = false));
  return false;
}

/** A public key and the one algorithm it verifies (RFC 8725 §3.1). */
export class VerificationKey {
  private readonly hash: string | undefined;
  private readonly place: Place;
  private readonly verifyInput: Parameters<typeof verify>[2];

  constructor(
    readonly publicKey: KeyObject,
    readonly algorithm: Algorithm,
  ) {
    const { hash, verifyOptions } = getAlgorithmParameters(algorithm);
    this.hash = hash;
    this.verifyInput = { key: publicKey, ...verifyOptions };
    this.place = choosePlace(publicKey, algorithm);
  }

  /** Whether this key signed the text (RFC 7515 §5.2). */
  isValidSignature(signingInput: string, signature: Buffer): boolean {
    return verify(this.hash, Buffer.from(signingInput, 'latin1'), this.verifyInput, signature);
  }

  /** As {@link isValidSignature}. A promise if a thread of Node's pool checks, so that the event loop stays free meanwhile. */
  verify(signingInput: string, signature: Buffer, maxPooled: number): boolean | Promise<boolean> {
    if (!this.shouldUseThread(maxPooled)) return this.isValidSignature(signingInput, signature);
    return new Promise((resolve, reject) => {
      const input = Buffer.from(signingInput, 'latin1');
      verify(this.hash, input, this.verifyInput, signature, (error, isValid) => {
        pooled -= 1;
        if (error) reject(error);
        else resolve(isValid);
      });
      pooled += 1;
    });
  }

  private shouldUseThread(maxPooled: number): boolean {
    if (this.place === 'event loop' || pooled >= maxPooled) return false;
    return this.place === 'thread' || isBusy();
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

const MAX_SKIPPED = 100;
const MAX_NAMED = 5;

/** A key of a set that cannot verify tokens here. */
export interface SkippedKey {
  readonly kid: unknown;
  /** Ends the sentence "The key … is not used: it …". */
  readonly reason: string;
}

/** A key that may verify access tokens, with its one algorithm. Not imported yet. */
export interface SelectedJwk extends JsonWebKey {
  readonly kid: string;
  readonly alg: Algorithm;
}

export interface ParsedKeySet {
  readonly keys: ReadonlyMap<string, VerificationKey>;
  readonly skipped: readonly SkippedKey[];
}

/**
 * Selects the keys of a JWK set that may verify access tokens. Other keys are skipped (RFC 7517 §5), and so are keys
 * that share an identifier.
 *
 * @throws TypeError when `keys` is not an array, or holds no usable key
 */
export function selectKeys(keys: unknown, allowed: readonly Algorithm[], skipped: SkippedKey[]) {
  if (!Array.isArray(keys)) throw new TypeError('The key set has no "keys" (RFC 7517 §5)');
  const skip = (kid: unknown, reason: string) => {
    if (skipped.length < MAX_SKIPPED) skipped.push({ kid, reason });
  };
  const selected = new Map<string, SelectedJwk>();
  const shared = new Set<string>();
  for (const key of keys) {
    const jwk = isJsonObject(key) ? key : {};
    const found = selectKey(jwk, allowed);
    if (typeof found === 'string') skip(jwk['kid'], found);
    else if (selected.has(found.kid)) shared.add(found.kid);
    else selected.set(found.kid, found);
  }
  for (const kid of shared) {
    selected.delete(kid);
    skip(kid, 'shares its kid with another key');
  }
  if (selected.size === 0) throw describeUnusableSet(skipped);
  return [...selected.values()];
}

/** The public part of the key, or the reason why it is not used. */
function selectKey(jwk: JsonObject, allowed: readonly Algorithm[]): SelectedJwk | string {
  const { kid } = jwk;
  if (!isName(kid)) return 'has no kid';
  const fault = findUseFault(jwk);
  if (fault !== undefined) return fault;
  const alg = chooseAlgorithm(jwk, allowed);
  return alg ? { ...pickPublicMembers(jwk), kid, alg } : describeUnfit(jwk, allowed);
}

export function describeUnusableSet(skipped: readonly SkippedKey[]): TypeError {
  const reasons = skipped.slice(0, MAX_NAMED).map(describeSkippedKey);
  const words = 'The key set holds no key that may verify access tokens';
  return new TypeError([words, ...reasons].join('. '));
}

export function describeSkippedKey({ kid, reason }: SkippedKey): string {
  return `The key ${quoteValue(kid)} is not used: it ${reason}`;
}

/** RFC 7517 §4.2 and §4.3. A key whose private part is published identifies no signer. */
export function findUseFault(jwk: JsonObject): string | undefined {
  const { use, key_ops: operations } = jwk;
  if (use !== undefined && use !== 'sig') return `has the use ${quoteValue(use)}`;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return 'has key_ops without "verify"';
  }
  const isSecret = SECRET_MEMBERS.some((name) => Object.hasOwn(jwk, name));
  return isSecret ? 'contains a private or symmetric key' : undefined;
}

/**
 * The one algorithm of the key: its `alg`. Without one (RFC 7517 §4.4), the only allowed algorithm that fits the key. The
 * `alg` of a token never decides, because a key must be used with one algorithm (RFC 8725 §3.1).
 */
export function chooseAlgorithm(jwk: JsonObject, allowed: readonly Algorithm[]) {
  const fitting = findFittingAlgorithms(jwk, allowed);
  const [first] = fitting;
  const named = jwk['alg'];
  if (named !== undefined) return fitting.find((algorithm) => isSameAlgorithm(algorithm, named));
  return fitting.every((algorithm) => isSameAlgorithm(algorithm, first)) ? first : undefined;
}

function findFittingAlgorithms({ kty, crv }: JsonObject, allowed: readonly Algorithm[]) {
  return allowed.filter((algorithm) => {
    const { keyType, curve } = getAlgorithmParameters(algorithm);
    return kty === keyType && (curve === undefined || crv === curve);
  });
}

function describeUnfit(jwk: JsonObject, allowed: readonly Algorithm[]): string {
  const { alg, kty, crv } = jwk;
  const fitting = findFittingAlgorithms(jwk, allowed);
  if (alg === undefined && fitting.length > 0) {
    return `has no alg and fits ${fitting.join(' and ')}: allow one of them`;
  }
  const type = [kty, crv].filter((member) => member !== undefined).map(quoteValue);
  return `is ${type.join(' ')} with alg ${quoteValue(alg)}, and \`algorithms\` allows ${allowed.join(', ')}`;
}

/** Refuses keys under which strangers can make valid signatures. With an RSA exponent of 1, every text is its own signature. */
export function isSound(key: KeyObject): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  if (type === 'ed25519') return !isOfSmallOrder(key);
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = details;
  const isStrong = bits >= MIN_RSA_BITS && exponent >= MIN_RSA_EXPONENT && exponent % 2n === 1n;
  return type !== 'rsa' || isStrong;
}

/** The points of order 1, 2, 4 and 8 of edwards25519, without their sign bit; two of them also with y + p. */
const SMALL_ORDER_POINTS = new Set([
  '00'.repeat(32),
  '01' + '00'.repeat(31),
  'ec' + 'ff'.repeat(30) + '7f',
  'ed' + 'ff'.repeat(30) + '7f',
  'ee' + 'ff'.repeat(30) + '7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** Under such a key, one signature fits many texts. */
function isOfSmallOrder(key: KeyObject): boolean {
  const point = Buffer.from(String(key.export({ format: 'jwk' }).x), 'base64url');
  point[31] = (point[31] ?? 0) & 0x7f;
  return SMALL_ORDER_POINTS.has(point.toString('hex'));
}

/** RFC 7518 §6.2.1 and §6.3.1, RFC 8037 §2. */
export function pickPublicMembers(jwk: JsonObject): JsonWebKey {
  const members = ['kty', 'crv', 'x', 'y', 'n', 'e'].map((name) => [name, jwk[name]]);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

type KeyDirectory = { describeMissingKey(kid: string): string };

/** The key must exist, be for the algorithm of the header (RFC 8725 §3.1), and verify the signature (RFC 7515 §5.2). @throws TokenError */
export function checkSignature(
  { jose, jws }: { readonly jose: JoseHeader; readonly jws: CompactJws },
  key: VerificationKey | undefined,
  keySet: KeyDirectory,
): asserts key is VerificationKey {
  checkKey(jose, key, keySet);
  if (!key.isValidSignature(jws.signingInput, jws.signature)) throw new TokenError('bad_signature');
}

/** The part of {@link checkSignature} that needs no signature. @throws TokenError */
export function checkKey(
  { alg, kid }: JoseHeader,
  key: VerificationKey | undefined,
  keySet: KeyDirectory,
): asserts key is VerificationKey {
  if (!key) throw TokenError.because('unknown_key', keySet.describeMissingKey(kid));
  if (!isSameAlgorithm(key.algorithm, alg)) {
    const own = `and the key ${quoteValue(kid)} is for ${key.algorithm}`;
    throw TokenError.because('refused_algorithm', `alg is ${alg}, ${own}`);
  }
}

import { InvalidToken } from '../nest/bearer-error.js';
import type { Algorithm } from './algorithms.js';
import type { JsonObject } from './strict-json.js';

/** All that is believed of a token's header. `jwk`, `jku`, `x5c` and `x5u` are never looked at (RFC 8725 §3.10). */
export interface JoseHeader {
  readonly alg: Algorithm;
  readonly kid: string;
}

/** What an issuer's headers may say. */
export interface HeaderRules {
  readonly algorithms: readonly Algorithm[];
  /** In lower case and without the prefix `application/`. An issuer that sends none has `''`. */
  readonly tokenTypes: readonly string[];
}

const MAX_KEY_ID_LENGTH = 256;

/** @throws InvalidToken */
export function parseJoseHeader(header: JsonObject, rules: HeaderRules): JoseHeader {
  checkNoExtension(header);
  checkTokenType(header, rules);
  return { alg: readAlgorithm(header, rules), kid: readKeyId(header) };
}

/** We understand no extension, so every critical one is refused (RFC 7515 §4.1.11, RFC 7797 §6). */
export function checkNoExtension(header: JsonObject): void {
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) {
    throw new InvalidToken('critical_header');
  }
}

/** RFC 9068 §4, or what this issuer writes instead (RFC 8725 §3.11). */
export function checkTokenType(
  { typ = '' }: JsonObject,
  { tokenTypes }: Pick<HeaderRules, 'tokenTypes'>,
): void {
  if (typeof typ !== 'string' || !tokenTypes.includes(normalizeMediaType(typ))) {
    throw new InvalidToken('wrong_type');
  }
}

/** RFC 8725 §3.1. */
export function readAlgorithm(
  { alg }: JsonObject,
  { algorithms }: Pick<HeaderRules, 'algorithms'>,
): Algorithm {
  const algorithm = algorithms.find((candidate) => candidate === alg);
  if (!algorithm) throw new InvalidToken('refused_algorithm');
  return algorithm;
}

/** RFC 7515 §4.1.4. Without one, every key would have to be tried. */
export function readKeyId({ kid }: JsonObject): string {
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KEY_ID_LENGTH) {
    throw new InvalidToken('malformed_key_id');
  }
  return kid;
}

/** The prefix may be there and case does not matter (RFC 7515 §4.1.9, RFC 9068 §4). */
export function normalizeMediaType(typ: string): string {
  return typ.toLowerCase().replace(/^application\/(?=[^/]+$)/, '');
}

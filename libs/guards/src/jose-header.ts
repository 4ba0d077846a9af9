import type { Algorithm } from './algorithms.js';
import { InvalidToken } from './bearer-error.js';
import type { JsonObject } from './strict-json.js';

/** All that is believed of a token's header. `jwk`, `jku`, `x5c` and `x5u` are never looked at (RFC 8725 §3.10). */
export interface JoseHeader {
  readonly alg: Algorithm;
  readonly kid: string;
}

const MAX_KEY_ID_LENGTH = 256;

/** RFC 9068 §4; the prefix may be there and case does not matter (RFC 7515 §4.1.9). */
const ACCESS_TOKEN_TYPE = /^(?:application\/)?at\+jwt$/i;

/** @throws InvalidToken */
export function parseJoseHeader(header: JsonObject, allowed: readonly Algorithm[]): JoseHeader {
  const { alg, kid, typ } = header;
  // We understand no extension, so every critical one is refused (RFC 7515 §4.1.11, RFC 7797 §6).
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) {
    throw new InvalidToken('critical_header');
  }
  if (typeof typ !== 'string' || !ACCESS_TOKEN_TYPE.test(typ)) throw new InvalidToken('wrong_type');
  const algorithm = allowed.find((candidate) => candidate === alg);
  if (!algorithm) throw new InvalidToken('refused_algorithm');
  if (!isKeyId(kid)) throw new InvalidToken('malformed_key_id');
  return { alg: algorithm, kid };
}

function isKeyId(kid: unknown): kid is string {
  return typeof kid === 'string' && kid !== '' && kid.length <= MAX_KEY_ID_LENGTH;
}

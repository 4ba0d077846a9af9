import { InvalidToken } from './bearer-error.js';
import { type JsonObject, parseStrictJson } from './strict-json.js';

/** A token taken apart. Nothing in it has been verified yet. */
export interface CompactJws {
  readonly header: JsonObject;
  readonly payload: JsonObject;
}

/**
 * Takes a JWS in compact serialization apart (RFC 7515 §7.1), more strictly than the verifier behind it.
 *
 * @throws InvalidToken
 */
export function parseCompactJws(token: string): CompactJws {
  const [header, payload, signature, surplus] = token.split('.', 4);
  if (!header || !payload || !signature || surplus !== undefined) {
    throw new InvalidToken('malformed_token');
  }
  try {
    decode(signature);
    return { header: parseStrictJson(decode(header)), payload: parseStrictJson(decode(payload)) };
  } catch (cause) {
    throw new InvalidToken('malformed_token', cause);
  }
}

/** Only the canonical encoding (RFC 4648 §3.5): no padding, no foreign characters, no spare bits set. */
function decode(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.toString('base64url') !== segment) throw new SyntaxError('Not canonical base64url');
  return bytes;
}

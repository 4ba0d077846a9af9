import { InvalidToken } from '../nest/bearer-error.js';
import { type JsonObject, parseStrictJson } from './strict-json.js';

/** A token taken apart. Nothing in it has been verified yet. */
export interface CompactJws {
  /** As it was sent; {@link decodeHeader} reads it. */
  readonly header: string;
  readonly claims: JsonObject;
  readonly signature: Buffer;
  /** What was signed: header and payload as they were sent (RFC 7515 §5.1). */
  readonly signingInput: string;
}

/** RFC 7515 §7.1: three segments of base64url without padding (§2). */
const COMPACT_JWS = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/**
 * Before anything else is done with it.
 *
 * @throws InvalidToken
 */
export function checkLength(
  token: string,
  { maxTokenBytes }: { readonly maxTokenBytes: number },
): void {
  if (token.length > maxTokenBytes) throw new InvalidToken('oversized_token');
}

/**
 * Takes a JWS in compact serialization apart (RFC 7515 §7.1).
 *
 * @throws InvalidToken
 */
export function parseCompactJws(token: string): CompactJws {
  const [, header, payload, signature] = COMPACT_JWS.exec(token) ?? [];
  if (!header || !payload || !signature) throw new InvalidToken('malformed_token');
  try {
    return {
      header,
      claims: parseStrictJson(decodeBase64url(payload)),
      signature: decodeBase64url(signature),
      signingInput: token.slice(0, header.length + 1 + payload.length),
    };
  } catch (cause) {
    throw new InvalidToken('malformed_token', cause);
  }
}

/** @throws InvalidToken */
export function decodeHeader(header: string): JsonObject {
  try {
    return parseStrictJson(decodeBase64url(header));
  } catch (cause) {
    throw new InvalidToken('malformed_token', cause);
  }
}

/** What the last character may be where it carries bits of one byte only, or of two; there is no such third case. */
const ALLOWED_LAST_CHARACTERS = ['', undefined, 'AQgw', 'AEIMQUYcgkosw048'] as const;

/** Only the canonical encoding: the bits that no byte uses are not set (RFC 4648 §3.5), so that one token has one text. */
function decodeBase64url(segment: string): Buffer {
  const surplus = segment.length % 4;
  const last = segment.charAt(segment.length - 1);
  if (surplus !== 0 && !ALLOWED_LAST_CHARACTERS[surplus]?.includes(last)) {
    throw new SyntaxError('Not canonical base64url');
  }
  return Buffer.from(segment, 'base64url');
}

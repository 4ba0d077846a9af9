import type { Algorithm } from './algorithms.js';
import { type JsonObject, parseStrictJson } from './strict-json.js';
import { quoteValue, TokenError } from './token-error.js';
import type { ResolvedIssuer } from './verifier.options.js';

/** The parts of a token. Nothing in it has been verified yet. */
export interface CompactJws {
  /** The encoded header; {@link decodeHeader} reads it. */
  readonly header: string;
  readonly claims: JsonObject;
  readonly signature: Buffer;
  /** The signed text: encoded header and payload (RFC 7515 §5.1). */
  readonly signingInput: string;
}

/** RFC 6750 §2.1, RFC 9449 §7.1. */
const TOKEN_SYNTAX = /^[A-Za-z0-9\-._~+/]+=*$/;

/** RFC 7515 §7.1: three segments of base64url without padding (§2). */
const COMPACT_JWS = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

const NO_JWT = 'The token is no signed JWT: opaque tokens need the option `opaqueTokens`';

/** The first check of a token, because every other one costs time in proportion to the length. @throws TokenError */
export function checkLength(token: string, options: { readonly maxTokenBytes: number }): void {
  // A caller of JavaScript may pass a missing header on.
  if (typeof token !== 'string') throw new TokenError('malformed_credentials');
  const { maxTokenBytes: max } = options;
  if (token.length <= max) return;
  const reason = `The token has ${token.length} bytes, and \`maxTokenBytes\` is ${max}`;
  throw TokenError.because('oversized_token', reason);
}

/** @throws TokenError unless the text is exactly one token */
export function checkTokenSyntax(credentials: string): void {
  if (!TOKEN_SYNTAX.test(credentials)) throw new TokenError('malformed_credentials');
}

/** By its form: every JWS has three parts. */
export function isCompactJws(token: string): boolean {
  return token.split('.').length === 3;
}

/** Splits and decodes a JWS in compact serialization (RFC 7515 §7.1). @throws TokenError */
export function parseCompactJws(token: string): CompactJws {
  const match = COMPACT_JWS.exec(token);
  if (!match) throw TokenError.because('malformed_token', NO_JWT);
  const [, header = '', payload = '', signature = ''] = match;
  return {
    header,
    claims: decodeJson(payload),
    signature: decodeBase64url(signature),
    signingInput: token.slice(0, header.length + 1 + payload.length),
  };
}

/** @throws TokenError */
export const decodeHeader = decodeJson;

function decodeJson(segment: string): JsonObject {
  try {
    return parseStrictJson(decodeBase64url(segment));
  } catch (cause) {
    throw cause instanceof TokenError ? cause : new TokenError('malformed_token', cause);
  }
}

/** Allowed last characters, by length modulo 4: they carry bits of one byte (2) or of two bytes (3). 1 is impossible. */
const ALLOWED_LAST_CHARACTERS = ['', undefined, 'AQgw', 'AEIMQUYcgkosw048'] as const;

/** Accepts only the canonical encoding, in which unused bits are zero (RFC 4648 §3.5), so that one token has one text. */
function decodeBase64url(segment: string): Buffer {
  const surplus = segment.length % 4;
  const last = segment.charAt(segment.length - 1);
  if (surplus !== 0 && !ALLOWED_LAST_CHARACTERS[surplus]?.includes(last)) {
    throw TokenError.because('malformed_token', 'Not canonical base64url');
  }
  return Buffer.from(segment, 'base64url');
}

/** The trusted part of a token's header. `jwk`, `jku`, `x5c` and `x5u` are ignored (RFC 8725 §3.10). */
export interface JoseHeader {
  readonly alg: Algorithm;
  readonly kid: string;
}

/** The header values that an issuer may use. Types without the prefix `application/`. */
type HeaderRules = Pick<ResolvedIssuer, 'algorithms' | 'tokenTypes'>;

const MAX_KEY_ID_LENGTH = 256;

/** @throws TokenError */
export function parseJoseHeader(header: JsonObject, rules: HeaderRules): JoseHeader {
  checkNoExtension(header);
  checkTokenType(header, rules);
  return { alg: readAlgorithm(header, rules), kid: readKeyId(header) };
}

/** The verifier implements no extension, so it refuses every critical one (RFC 7515 §4.1.11, RFC 7797 §6). */
export function checkNoExtension(header: JsonObject): void {
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) {
    throw TokenError.because('critical_header', 'The header has crit or b64');
  }
}

/** RFC 9068 §4, or the types that are configured for this issuer (RFC 8725 §3.11). */
export function checkTokenType({ typ = '' }: JsonObject, rules: Pick<HeaderRules, 'tokenTypes'>) {
  if (typeof typ === 'string' && rules.tokenTypes.includes(normalizeMediaType(typ))) return;
  const allowed = `and \`tokenTypes\` allows ${quoteValue(rules.tokenTypes)}`;
  throw TokenError.because('wrong_type', `typ is ${quoteValue(typ)}, ${allowed}`);
}

/** RFC 8725 §3.1. */
export function readAlgorithm({ alg }: JsonObject, rules: Pick<HeaderRules, 'algorithms'>) {
  const algorithm = rules.algorithms.find((candidate) => candidate === alg);
  if (algorithm) return algorithm;
  const allowed = `and \`algorithms\` allows ${rules.algorithms.join(', ')}`;
  throw TokenError.because('refused_algorithm', `alg is ${quoteValue(alg)}, ${allowed}`);
}

/** RFC 7515 §4.1.4. The verifier requires `kid`, so that it never tries several keys. */
export function readKeyId({ kid }: JsonObject): string {
  if (typeof kid === 'string' && kid !== '' && kid.length <= MAX_KEY_ID_LENGTH) return kid;
  throw TokenError.because('malformed_key_id', `kid is ${quoteValue(kid)}`);
}

/** The prefix is optional and case is ignored (RFC 7515 §4.1.9, RFC 9068 §4). */
export function normalizeMediaType(typ: string): string {
  return typ.toLowerCase().replace(/^application\/(?=[^/]+$)/, '');
}

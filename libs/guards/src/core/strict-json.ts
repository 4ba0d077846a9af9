import { isUtf8 } from 'node:buffer';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses a JSON object, and refuses text that two parsers could read differently: invalid UTF-8, a byte order mark, a
 * member name that occurs twice (RFC 7515 §4, RFC 7519 §4).
 *
 * @throws SyntaxError
 */
export function parseStrictJson(bytes: Buffer): JsonObject {
  if (!isUtf8(bytes)) throw new SyntaxError('The text is not UTF-8');
  const text = bytes.toString();
  const value = parseJson(text);
  if (!isJsonObject(value)) throw new SyntaxError('The text is not a JSON object');
  // Text equal to that of JSON.stringify() repeats no name, and most issuers write it so.
  const canonical = JSON.stringify(value);
  if (canonical !== text && countMembers(canonical) !== countMembers(text)) {
    throw new SyntaxError('A member name occurs twice');
  }
  return value;
}

/** The engine's message quotes the text, and this error's message may go to a log. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError('The text is not JSON');
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** In valid JSON, each colon outside of a string belongs to one member, so a repeated name gives a higher count. */
function countMembers(json: string): number {
  return json.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/g, '').split(':').length;
}

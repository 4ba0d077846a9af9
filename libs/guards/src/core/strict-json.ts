import { isUtf8 } from 'node:buffer';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses a JSON object and freezes it deeply. Refuses text that two parsers could read differently: invalid UTF-8, a byte
 * order mark, a member name that occurs twice (RFC 7515 §4, RFC 7519 §4).
 *
 * @throws SyntaxError
 */
export function parseStrictJson(bytes: Buffer): JsonObject {
  if (!isUtf8(bytes)) throw new SyntaxError('The text is not UTF-8');
  const value = parseJson(bytes.toString());
  if (!isJsonObject(value)) throw new SyntaxError('The text is not a JSON object');
  if (freezeAndCount(value) !== countColons(bytes)) {
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

/** Returns the number of members in all objects. Iterative, because the sender chooses the nesting depth. */
function freezeAndCount(root: object): number {
  let members = 0;
  const pending: object[] = [root];
  for (let value = pending.pop(); value; value = pending.pop()) {
    const children: unknown[] = Object.values(Object.freeze(value));
    if (!Array.isArray(value)) members += children.length;
    for (const child of children) {
      if (typeof child === 'object' && child !== null) pending.push(child);
    }
  }
  return members;
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];

/** In valid JSON, each colon outside of a string belongs to one member. A repeated name has two colons and is one member. */
function countColons(json: Buffer): number {
  let colons = 0;
  let isInString = false;
  for (let i = 0; i < json.length; i += 1) {
    const byte = json[i];
    if (byte === QUOTE) isInString = !isInString;
    else if (byte === BACKSLASH) i += 1;
    else if (byte === COLON && !isInString) colons += 1;
  }
  return colons;
}

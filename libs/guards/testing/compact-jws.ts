import { type SigningKey, signature } from './signing-key.js';

/** A JSON object, or text that is taken as it is, so that it need not be valid. */
export type Part = object | string;

export function encodePart(part: Part): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

/** A JWS in compact serialization, really signed, whatever its parts say (RFC 7515 §7.1). */
export function compactJws(header: Part, payload: Part, key: SigningKey): string {
  const input = `${encodePart(header)}.${encodePart(payload)}`;
  return `${input}.${signature(input, key)}`;
}

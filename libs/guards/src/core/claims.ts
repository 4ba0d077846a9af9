import { InvalidToken } from '../nest/bearer-error.js';
import type { JsonObject } from './strict-json.js';

/** Where a claim is: its name, or the names from the outside in. */
export type ClaimPath = string | readonly string[];

/** The value at a path, or undefined. Only what the token itself holds: no prototype is ever asked. */
export function getClaim(claims: JsonObject, path: ClaimPath): unknown {
  if (typeof path === 'string') return getOwnProperty(claims, path);
  return path.reduce<unknown>((value, name) => getOwnProperty(value, name), claims);
}

function getOwnProperty(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

/** @throws InvalidToken */
export function readString(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw malformedClaim(name, 'a non-empty string');
  return value;
}

/** A string of more digits than this is no NumericDate: it is in milliseconds, or an attempt to live for ever. */
const MAX_INSTANT_SECONDS = 1e11;

/**
 * NumericDate, in seconds (RFC 7519 §2).
 *
 * @throws InvalidToken
 */
export function readInstant(value: unknown, name: string): Date {
  if (typeof value !== 'number' || !(Math.abs(value) < MAX_INSTANT_SECONDS)) {
    throw malformedClaim(name, 'a time in seconds');
  }
  return new Date(value * 1000);
}

export function malformedClaim(name: string, expected: string): InvalidToken {
  return new InvalidToken('malformed_claims', new TypeError(`${name} must be ${expected}`));
}

/** Not recursive: the nesting is the sender's choice. */
export function deepFreeze<T extends object>(root: T): T {
  const pending: object[] = [root];
  for (let value = pending.pop(); value; value = pending.pop()) {
    Object.freeze(value);
    for (const child of Object.values(value)) {
      if (typeof child === 'object' && child !== null) pending.push(child);
    }
  }
  return root;
}

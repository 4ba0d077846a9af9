import type { JsonObject } from './strict-json.js';
import { TokenError } from './token-error.js';

/** Where a claim is: its name, or the names of nested objects, outermost first. */
export type ClaimPath = string | readonly string[];

/** The value at a path, or undefined. Reads own properties only, so that no prototype can supply a claim. */
export function getClaim(claims: JsonObject, path: ClaimPath): unknown {
  if (typeof path === 'string') return getOwnProperty(claims, path);
  return path.reduce<unknown>((value, name) => getOwnProperty(value, name), claims);
}

function getOwnProperty(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

/** @throws TokenError */
export function readString(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw malformedClaim(name, 'a non-empty string');
  return value;
}

/** A larger number is no NumericDate: the issuer wrote milliseconds, or means "for ever". */
const MAX_INSTANT_SECONDS = 1e11;

/** NumericDate, in seconds (RFC 7519 §2). @throws TokenError */
export function readInstant(value: unknown, name: string): Date {
  if (typeof value !== 'number' || !(Math.abs(value) < MAX_INSTANT_SECONDS)) {
    throw malformedClaim(name, 'a time in seconds');
  }
  return new Date(value * 1000);
}

export function malformedClaim(name: string, expected: string): TokenError {
  return new TokenError('malformed_claims', new TypeError(`${name} must be ${expected}`));
}

export interface LifetimeOptions {
  readonly now: () => number;
  readonly clockToleranceSeconds: number;
  readonly maxTokenAgeSeconds: number;
}

/** The time of the check and its limits, in epoch milliseconds and milliseconds. */
export type LifetimeLimits = ReturnType<typeof currentLifetimeLimits>;

export function currentLifetimeLimits(options: LifetimeOptions) {
  const { now, clockToleranceSeconds: tolerance, maxTokenAgeSeconds: maxAge } = options;
  return { now: now(), tolerance: tolerance * 1000, maxAge: maxAge * 1000 };
}

/** RFC 7519 §4.1.4. */
export function checkExpiry(expiresAt: Date, { now, tolerance }: LifetimeLimits): void {
  if (now < expiresAt.getTime() + tolerance) return;
  throw TokenError.because('expired', `exp was ${compareToClock(expiresAt, now)}`);
}

/** Limits the damage of an issuer that sets `exp` too late. */
export function checkMaxAge(issuedAt: Date, { now, tolerance, maxAge }: LifetimeLimits): void {
  if (now < issuedAt.getTime() + maxAge + tolerance) return;
  const limit = `and the maximum age is ${maxAge / 1000} s`;
  throw TokenError.because('too_old', `iat is ${compareToClock(issuedAt, now)}, ${limit}`);
}

/** RFC 7519 §4.1.5. */
export function checkNotBefore(notBefore: Date, limits: LifetimeLimits): void {
  const found = describeFuture('nbf', notBefore, limits);
  if (found) throw TokenError.because('not_yet_valid', found);
}

/** RFC 7519 §4.1.6. An `iat` in the future means that a clock is wrong or that the claim is invented. */
export function checkIssuedAt(issuedAt: Date, limits: LifetimeLimits): void {
  const found = describeFuture('iat', issuedAt, limits);
  if (found) throw TokenError.because('issued_in_the_future', found);
}

function describeFuture(name: string, instant: Date, { now, tolerance }: LifetimeLimits) {
  if (instant.getTime() <= now + tolerance) return undefined;
  return `${name} is ${compareToClock(instant, now)}, and ${tolerance / 1000} s are tolerated`;
}

/** Such as "20 s ahead of this machine's clock". */
export function compareToClock(instant: Date | number, now: number): string {
  const seconds = Math.round((Number(instant) - now) / 1000);
  return `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this machine's clock`;
}

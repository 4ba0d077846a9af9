import type { ResolvedGuardsOptions } from '../nest/guards.options.js';
import { InvalidToken } from '../nest/bearer-error.js';

/** When a token is judged, and how generously. All in epoch milliseconds and milliseconds. */
export interface LifetimeLimits {
  readonly now: number;
  readonly tolerance: number;
  readonly maxAge: number;
}

export function currentLifetimeLimits({
  now,
  clockToleranceSeconds,
  maxTokenAgeSeconds,
}: Pick<
  ResolvedGuardsOptions,
  'now' | 'clockToleranceSeconds' | 'maxTokenAgeSeconds'
>): LifetimeLimits {
  return {
    now: now(),
    tolerance: clockToleranceSeconds * 1000,
    maxAge: maxTokenAgeSeconds * 1000,
  };
}

/** RFC 7519 §4.1.4. */
export function checkExpiry(expiresAt: Date, { now, tolerance }: LifetimeLimits): void {
  if (now >= expiresAt.getTime() + tolerance) throw new InvalidToken('expired');
}

/** Whatever `exp` says: an issuer's mistake there would outlive everybody's patience. */
export function checkMaxAge(issuedAt: Date, { now, tolerance, maxAge }: LifetimeLimits): void {
  if (now >= issuedAt.getTime() + maxAge + tolerance) throw new InvalidToken('too_old');
}

/** RFC 7519 §4.1.5. */
export function checkNotBefore(
  notBefore: Date | undefined,
  { now, tolerance }: LifetimeLimits,
): void {
  if (notBefore && notBefore.getTime() > now + tolerance) throw new InvalidToken('not_yet_valid');
}

/** RFC 7519 §4.1.6: a token from the future is of a clock that is wrong, or of nobody. */
export function checkIssuedAt(issuedAt: Date, { now, tolerance }: LifetimeLimits): void {
  if (issuedAt.getTime() > now + tolerance) throw new InvalidToken('issued_in_the_future');
}

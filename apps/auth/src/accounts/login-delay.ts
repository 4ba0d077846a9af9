/** How a count of failures decays: by one after each `decayMs` milliseconds, from at most `maxFailures`. */
export interface DecayWindow {
  readonly decayMs: number;
  readonly maxFailures: number;
}

/** Failures of an account from one network, or on one device. */
export const ORIGIN_WINDOW: DecayWindow = { decayMs: 900_000, maxFailures: 15 };
/** Failures of an account from all origins. */
export const ACCOUNT_WINDOW: DecayWindow = { decayMs: 60_000, maxFailures: 100 };

/** Failures without a delay, because people mistype. */
const FREE_FAILURES = 4;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 900_000;
/** So many failures of other origins count as one more failure of this origin. */
const FOREIGN_FAILURES_PER_OWN = 10;

/**
 * The number of failures at `now`. A count is stored as the instant at which it reaches zero, like the level of a leaky
 * bucket: it decreases by one every `decayMs`. All instants and durations are in milliseconds.
 */
export const countFailures = (forgottenAt: number, now: number, { decayMs }: DecayWindow): number =>
  Math.max(0, Math.ceil((forgottenAt - now) / decayMs));

/** The stored count after one more failure. */
export const addFailure = (
  forgottenAt: number,
  now: number,
  { decayMs, maxFailures }: DecayWindow,
): number => Math.min(Math.max(forgottenAt, now) + decayMs, now + maxFailures * decayMs);

/**
 * The delay of the next attempt after a failure, in milliseconds: none after the first four failures, then one second, doubled
 * by every failure, up to 15 minutes.
 *
 * @param own failures of this account from this network or on this device, at least one
 * @param elsewhere failures of this account from other origins. They delay only origins that failed as well, so an attacker
 *   cannot lock an owner out.
 */
export function calculateDelay(own: number, elsewhere: number): number {
  const failures = own + Math.floor(elsewhere / FOREIGN_FAILURES_PER_OWN);
  return failures <= FREE_FAILURES
    ? 0
    : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - FREE_FAILURES - 1));
}

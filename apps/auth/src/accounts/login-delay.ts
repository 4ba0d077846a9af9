/** How a count of failures fades: one is forgotten after so many milliseconds, and so many are remembered at most. */
export interface DecayWindow {
  readonly decayMs: number;
  readonly maxFailures: number;
}

/** Failures of an account from one network, or on one device. */
export const ORIGIN_WINDOW: DecayWindow = { decayMs: 900_000, maxFailures: 15 };
/** Failures of an account from anywhere. */
export const ACCOUNT_WINDOW: DecayWindow = { decayMs: 60_000, maxFailures: 100 };

/** Failures that cost nothing: people mistype. */
const FREE_FAILURES = 4;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 900_000;
/** Failures from elsewhere that make each of one's own weigh one more. */
const FOREIGN_FAILURES_PER_OWN = 10;

/**
 * A count that fades is kept as the instant at which the last failure is forgotten: ten at once are forgotten one after
 * another, like ten drops from a bucket with a leak. Instants and lengths are in milliseconds.
 */
export const countFailures = (
  forgottenAt: number,
  now: number,
  { decayMs: forgets }: DecayWindow,
): number => Math.max(0, Math.ceil((forgottenAt - now) / forgets));

/** The same count with one more failure. */
export const addFailure = (
  forgottenAt: number,
  now: number,
  { decayMs: forgets, maxFailures: highest }: DecayWindow,
): number => Math.min(Math.max(forgottenAt, now) + forgets, now + highest * forgets);

/**
 * How long after a failure the next attempt has to wait: nothing after the first four, then a second, and each time twice
 * as long, up to a quarter of an hour.
 *
 * @param own failures of this account from this network, or on this device: one at least
 * @param elsewhere failures of this account by others. They alone delay nobody, so no stranger locks an owner out; but who
 *   fails while others fail as well waits as if it had been more often.
 */
export function calculateDelay(own: number, elsewhere: number): number {
  const failures = own + Math.floor(elsewhere / FOREIGN_FAILURES_PER_OWN);
  return failures <= FREE_FAILURES
    ? 0
    : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - FREE_FAILURES - 1));
}

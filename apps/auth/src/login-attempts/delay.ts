/** How a count of failures fades: one is forgotten after so many milliseconds, and so many are remembered at most. */
export interface Fading {
  readonly forgets: number;
  readonly highest: number;
}

/** Failures of an account from one network, or on one device. */
export const OWN: Fading = { forgets: 900_000, highest: 15 };
/** Failures of an account from anywhere. */
export const ANYWHERE: Fading = { forgets: 60_000, highest: 100 };

/** Failures that cost nothing: people mistype. */
const FREE = 4;
const FIRST = 1_000;
const MOST = 900_000;
/** Failures from elsewhere that make each of one's own weigh one more. */
const WEIGHT = 10;

/**
 * A count that fades is kept as the instant at which the last failure is forgotten: ten at once are forgotten one after
 * another, like ten drops from a bucket with a leak. Instants and lengths are in milliseconds.
 */
export const countAt = (forgottenAt: number, now: number, { forgets }: Fading): number =>
  Math.max(0, Math.ceil((forgottenAt - now) / forgets));

/** The same count with one more failure. */
export const oneMore = (forgottenAt: number, now: number, { forgets, highest }: Fading): number =>
  Math.min(Math.max(forgottenAt, now) + forgets, now + highest * forgets);

/**
 * How long after a failure the next attempt has to wait: nothing after the first four, then a second, and each time twice
 * as long, up to a quarter of an hour.
 *
 * @param own failures of this account from this network, or on this device: one at least
 * @param elsewhere failures of this account by others. They alone delay nobody, so no stranger locks an owner out; but who
 *   fails while others fail as well waits as if it had been more often.
 */
export function delayAfter(own: number, elsewhere: number): number {
  const failures = own + Math.floor(elsewhere / WEIGHT);
  return failures <= FREE ? 0 : Math.min(MOST, FIRST * 2 ** (failures - FREE - 1));
}

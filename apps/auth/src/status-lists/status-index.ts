import { createHmac } from 'node:crypto';

/** How many places a list has. As a byte array without a set bit it is 128 KiB, and compressed 149 bytes. */
export const LIST_SIZE = 2 ** 20;

const HALF_BITS = 10;
const HALF = 2 ** HALF_BITS;
const ROUNDS = 8;

/**
 * The place in its list that the n-th to come is given: a pseudo-random permutation (a balanced Feistel network whose
 * rounds are HMAC-SHA-256), so that a place tells neither how many logins there were nor who came after whom
 * (draft-ietf-oauth-status-list §12.4), even to somebody who has collected many places of his own.
 *
 * @param n 0 to {@link LIST_SIZE} - 1
 * @param seed the list's, known to nobody outside
 */
export function placeOf(n: number, seed: string): number {
  let [left, right] = [Math.floor(n / HALF), n % HALF];
  for (let round = 0; round < ROUNDS; round += 1) {
    [left, right] = [right, left ^ mixed(seed, round, right)];
  }
  return left * HALF + right;
}

function mixed(seed: string, round: number, half: number): number {
  return createHmac('sha256', seed).update(`${round}.${half}`).digest().readUInt16BE() % HALF;
}

/** One number for a list and a place in it, as it is stored with a session. */
export const statusIndex = (list: number, place: number): number => list * LIST_SIZE + place;
export const listOf = (index: number): number => Math.floor(index / LIST_SIZE);
export const placeIn = (index: number): number => index % LIST_SIZE;

import { inflateSync } from 'node:zlib';
import {
  LIST_SIZE,
  permuteSlot,
  StatusSnapshot,
  toListId,
  toSlot,
  toStatusIndex,
} from '../../src/tokens/status-lists/status-list.js';

const SEED = 'a seed of some list 22';

describe('the place that the n-th session of a list is given', () => {
  it('is one that no other is given (draft-ietf-oauth-status-list §13.3)', () => {
    const given = new Uint8Array(LIST_SIZE);
    // The whole list takes seconds; two blocks out of it that meet would meet here as well.
    for (let n = 0; n < LIST_SIZE; n += 37) given[permuteSlot(n, SEED)] = 1;
    expect(given.filter((isGiven) => isGiven)).toHaveLength(Math.ceil(LIST_SIZE / 37));
  });

  it('tells nothing about who came before and after (§12.4)', () => {
    const places = Array.from({ length: 1000 }, (_, n) => permuteSlot(n, SEED));
    const steps = places.slice(1).map((place, n) => place - (places[n] ?? 0));
    expect(new Set(steps).size).toBeGreaterThan(990);
    expect(places.filter((place) => place >= LIST_SIZE / 2).length).toBeGreaterThan(400);
    expect(places.filter((place) => place < LIST_SIZE / 2).length).toBeGreaterThan(400);
  });

  it('is another one in another list', () => {
    const other = Array.from({ length: 100 }, (_, n) => permuteSlot(n, `other ${SEED}`));
    const same = other.filter((place, n) => place === permuteSlot(n, SEED));
    expect(same.length).toBeLessThan(3);
  });
});

it('list and place are found again in the one number that is stored', () => {
  const index = toStatusIndex(7, LIST_SIZE - 1);
  expect([toListId(index), toSlot(index)]).toEqual([7, LIST_SIZE - 1]);
  expect(toListId(toStatusIndex(2000, 0))).toBe(2000);
});

/** The test vector of one bit of the draft, Appendix C.1. */
const SET = [
  0, 1993, 25_460, 159_495, 495_669, 554_353, 645_645, 723_232, 854_545, 934_534, 1_000_345,
];
const LST =
  'eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogE' +
  'AAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' +
  'AAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAA' +
  'A7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAA' +
  'ACAZC8L2AEb';

it('bits are in the order that the draft wants: its test vector comes out (Appendix C.1)', () => {
  const ended = SET.map((place) => toStatusIndex(7, place));
  const statuses = new StatusSnapshot([7, 8], [...ended, toStatusIndex(8, 1)]);
  expect(statuses.getBytes(7).equals(inflateSync(Buffer.from(LST, 'base64url')))).toBe(true);
  expect([...statuses.getBytes(8).subarray(0, 2)]).toEqual([2, 0]);
});

import { inflateSync } from 'node:zlib';
import {
  permuteSlot,
  toListId,
  toSlot,
  toStatusIndex,
} from '../../src/tokens/status-lists/status-list.service.js';
import { StatusSnapshot } from '../../src/tokens/status-lists/status-snapshot.service.js';
import { LIST_SIZE } from '../../src/tokens/status-lists/status-list.repository.js';

const SEED = 'the seed of a list, 22';

describe('the slot of the n-th allocation', () => {
  it('assigns every allocation another slot (draft-ietf-oauth-status-list §13.3)', () => {
    const allocated = new Uint8Array(LIST_SIZE);
    // A sample, because the whole list takes seconds.
    for (let n = 0; n < LIST_SIZE; n += 37) allocated[permuteSlot(n, SEED)] = 1;
    expect(allocated.filter((isAllocated) => isAllocated)).toHaveLength(Math.ceil(LIST_SIZE / 37));
  });

  it('reveals nothing about the order of allocations in the slots (§12.4)', () => {
    const slots = Array.from({ length: 1000 }, (_, n) => permuteSlot(n, SEED));
    const steps = slots.slice(1).map((slot, n) => slot - (slots[n] ?? 0));
    expect(new Set(steps).size).toBeGreaterThan(990);
    expect(slots.filter((slot) => slot >= LIST_SIZE / 2).length).toBeGreaterThan(400);
    expect(slots.filter((slot) => slot < LIST_SIZE / 2).length).toBeGreaterThan(400);
  });

  it('assigns other slots in a list with another seed', () => {
    const other = Array.from({ length: 100 }, (_, n) => permuteSlot(n, `other ${SEED}`));
    const same = other.filter((slot, n) => slot === permuteSlot(n, SEED));
    expect(same.length).toBeLessThan(3);
  });
});

it('recovers the list and the slot from a status index', () => {
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

it('orders bits as in the test vector of the draft (Appendix C.1)', () => {
  const revoked = SET.map((slot) => toStatusIndex(7, slot));
  const snapshot = new StatusSnapshot([7, 8], [...revoked, toStatusIndex(8, 1)]);
  expect(snapshot.getBytes(7).equals(inflateSync(Buffer.from(LST, 'base64url')))).toBe(true);
  expect([...snapshot.getBytes(8).subarray(0, 2)]).toEqual([2, 0]);
});

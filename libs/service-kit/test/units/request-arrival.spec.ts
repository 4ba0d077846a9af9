import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { AskAgainException, Clock, RequestArrival, StandstillWatch } from '../../src/index.js';
import { TestClock } from '../../testing/index.js';

Logger.overrideLogger(false);

/** Holds the event loop, as SIGSTOP holds the process. */
function standStill(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

describe('the arrival of a request', () => {
  const anArrival = (clock: Clock, connection = {}) =>
    new RequestArrival(
      clock,
      { destroyed: false, readableEnded: false, ...connection },
      { unreadMs: 0, deadlineMs: 7_000 },
    );

  it('stays the same instant while the request waits', () => {
    const clock = new TestClock();
    const arrivedAt = clock.now();
    const arrival = anArrival(clock);
    clock.advance({ seconds: 13 });
    expect([arrival.earliest, arrival.latest]).toEqual([arrivedAt, arrivedAt]);
    expect(arrival.waitedMs).toBe(13_000);
  });

  it('covers both readings of the wall clock when the clock is corrected while the request waits', () => {
    const clock = new TestClock();
    const arrivedAt = clock.now();
    const arrival = anArrival(clock);
    clock.advance({ seconds: 2 });
    clock.correct({ seconds: 300 });
    expect([arrival.earliest, arrival.latest]).toEqual([arrivedAt, arrivedAt + 300_000]);
    expect(arrival.waitedMs).toBe(2_000);
  });

  it('the arrival is in whole milliseconds, which PostgreSQL can compare with its columns', () => {
    const arrival = anArrival(new Clock());
    while (Number.isInteger(arrival.waitedMs));
    expect(Number.isInteger(arrival.latest)).toBe(true);
  });

  it('refuses further work when the client left or the time for the answer is over', () => {
    const clock = new TestClock();
    const arrival = anArrival(clock);
    arrival.checkStillWanted();
    clock.advance({ seconds: 7 });
    expect(() => arrival.checkStillWanted()).toThrow(AskAgainException);
    for (const end of [{ destroyed: true }, { readableEnded: true }])
      expect(() => anArrival(clock, end).checkStillWanted()).toThrow(AskAgainException);
  });
});

describe('the watch for standstills', () => {
  let watch: StandstillWatch;
  afterEach(() => watch.stop());

  it('finds no uncertainty while the event loop runs, however far time advances', () => {
    const clock = new TestClock();
    watch = new StandstillWatch(clock);
    clock.advance({ seconds: 3_600 });
    expect(watch.measureUnread()).toBe(0);
  });

  it('reports the length of a standstill before its next beat, and for a moment after it', async () => {
    watch = new StandstillWatch(new TestClock());
    standStill(1_300);
    expect(watch.measureUnread()).toBeGreaterThanOrEqual(1_300);
    await delay(10);
    expect(watch.measureUnread()).toBeGreaterThanOrEqual(1_300);
  });

  it('reports how far the wall clock was set forward, and nothing after the correction was reverted', () => {
    const clock = new TestClock();
    watch = new StandstillWatch(clock);
    clock.correct({ seconds: 300 });
    expect(watch.measureUnread()).toBe(300_000);
    clock.correct({ seconds: -300 });
    expect(watch.measureUnread()).toBe(0);
    clock.correct({ seconds: -300 });
    expect(watch.measureUnread()).toBe(0);
  });
});

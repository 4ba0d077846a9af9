import { setTimeout as delay } from 'node:timers/promises';
import { TestClock, waitUntil } from '@gatehouse/service-kit/testing';
import { Logger } from '@nestjs/common';
import { type Database, type LeasedJob, LeaseRepository, Scheduler } from '../../src/index.js';
import { eachDatabase } from '../../testing/index.js';
import { openLeaseDatabase } from '../support/leases.js';

eachDatabase('a job with its own lease', (fresh) => {
  let database: Database;
  let clock: TestClock;
  /** How often each replica called `hasWork`, and the answer. */
  let looks: number[];
  let isDue: boolean;
  let active: number;
  let maxActive: number;
  let steps: number[];
  let running: Scheduler[];

  beforeEach(async () => {
    database = await openLeaseDatabase(await fresh());
    [clock, isDue, active, maxActive] = [new TestClock(), false, 0, 0];
    [looks, steps, running] = [[0, 0], [0, 0], []];
  });
  afterEach(async () => {
    await Promise.all(running.map((scheduler) => scheduler.beforeApplicationShutdown()));
    await database.close();
  });

  /** Each scheduler is another lease holder, as in another process. */
  function aReplica(index: number, changes: Partial<LeasedJob> = {}): Scheduler {
    const scheduler = new Scheduler(new LeaseRepository(database.unitOfWork), { clock });
    scheduler.add({
      name: 'sweeping',
      everySeconds: 0.002,
      runsOn: 'lease holder',
      async hasWork() {
        looks[index] = (looks[index] ?? 0) + 1;
        return isDue;
      },
      async run() {
        steps[index] = (steps[index] ?? 0) + 1;
        maxActive = Math.max(maxActive, (active += 1));
        await delay(3);
        active -= 1;
        return false;
      },
      ...changes,
    });
    running.push(scheduler);
    scheduler.onApplicationBootstrap();
    return scheduler;
  }

  const leases = () => database.unitOfWork.query('SELECT name FROM lease');

  it('writes nothing while there is no work', async () => {
    aReplica(0);
    await waitUntil(() => (looks[0] ?? 0) > 5);

    expect(await leases()).toEqual([]);
    expect(steps).toEqual([0, 0]);
  });

  it('runs in one replica at a time, and in the other replica when the first stops', async () => {
    isDue = true;
    const first = aReplica(0);
    aReplica(1);
    await waitUntil(() => (steps[0] ?? 0) > 3 && (looks[1] ?? 0) > 3);
    await first.beforeApplicationShutdown();
    const before = steps[1] ?? 0;
    await waitUntil(() => (steps[1] ?? 0) > before + 3);

    expect(maxActive).toBe(1);
  });

  it('repeats its step without a pause while there is more work', async () => {
    isDue = true;
    let left = 100;
    aReplica(0, { everySeconds: 60, run: async () => (left -= 1) > 0 });
    await waitUntil(() => left <= 0);

    expect(looks[0]).toBe(1);
  });

  it('lets the event loop handle requests between two steps', async () => {
    isDue = true;
    let left = 300;
    let leftAtTurn = 0;
    aReplica(0, {
      async run() {
        await database.unitOfWork.execute('UPDATE lease SET holder = holder');
        if (left === 300) setImmediate(() => (leftAtTurn = left));
        return (left -= 1) > 0;
      },
    });
    await waitUntil(() => left <= 0);

    expect(leftAtTurn).toBeGreaterThan(290);
  });

  it('runs in another replica when the lease of a dead replica expires', async () => {
    const dead = { holder: 'dead', now: clock.now(), seconds: 5 };
    await new LeaseRepository(database.unitOfWork).acquire('sweeping', dead);
    isDue = true;
    aReplica(0);
    await waitUntil(() => (looks[0] ?? 0) > 5);
    expect(steps[0]).toBe(0);

    clock.advance({ seconds: 5 });
    await waitUntil(() => (steps[0] ?? 0) > 0);
  });

  it('retries a job after a failure and logs the failure once', async () => {
    isDue = true;
    let failures = 0;
    const lines: string[] = [];
    const note = (text: string) => void lines.push(text);
    Logger.overrideLogger({ log: note, error: note, warn: note });
    aReplica(0, {
      run: async () => {
        if ((failures += 1) <= 3) throw new Error('no broom');
        isDue = false;
        return false;
      },
    });
    await waitUntil(() => lines.includes('job sweeping succeeds again'));

    expect(failures).toBe(4);
    expect(lines).toEqual([
      'job sweeping failed and will be tried again: no broom',
      'job sweeping succeeds again',
    ]);
    Logger.overrideLogger(true);
  });

  it('ends the job and releases its lease before the shutdown hook resolves', async () => {
    isDue = true;
    let wasAborted = false;
    let isOver = false;
    const scheduler = aReplica(0, {
      async run(stopping) {
        steps[0] = 1;
        await delay(1_000, undefined, { signal: stopping }).catch(() => (wasAborted = true));
        await delay(10);
        isOver = true;
        return true;
      },
    });
    await waitUntil(() => steps[0] === 1);
    await scheduler.beforeApplicationShutdown();

    expect([wasAborted, isOver]).toEqual([true, true]);
    expect(await leases()).toEqual([]);
  });

  it('passes a new signal to each step, because derived signals stay in memory as long as their source', async () => {
    isDue = true;
    const signals = new Set<AbortSignal>();
    aReplica(0, {
      run(stopping) {
        signals.add(stopping);
        isDue = signals.size < 3;
        return Promise.resolve(isDue);
      },
    });
    await waitUntil(() => !isDue);
    expect(signals.size).toBe(3);
  });
});

import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  type Database,
  LEASE_TABLE,
  LeasedWork,
  Leases,
  openDatabase,
  type Work,
} from '../../src/index.js';
import { eachDatabase } from '../../testing/index.js';

class CreateLeases1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LEASE_TABLE);
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE lease');
  }
}

async function waitUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(2);
}

eachDatabase('work under a lease', (fresh) => {
  let database: Database;
  let time: number;
  /** How often each replica has looked, and whether there is something to find. */
  let looks: number[];
  let isDue: boolean;
  let atWork: number;
  let mostAtWork: number;
  let steps: number[];
  let running: LeasedWork[];

  beforeEach(async () => {
    database = await openDatabase({
      ...(await fresh()),
      name: 'work',
      entities: [],
      migrations: [CreateLeases1700000000000],
      migrate: true,
    });
    [time, isDue, atWork, mostAtWork] = [Date.UTC(2026, 10, 23), false, 0, 0];
    [looks, steps, running] = [[0, 0], [0, 0], []];
  });
  afterEach(async () => {
    await Promise.all(running.map((work) => work.stop()));
    await database.close();
  });

  /** A process of its own, as far as leases can tell. */
  function aReplica(who: number, changes: Partial<Work> = {}): LeasedWork {
    const work = new LeasedWork(new Leases(database.unitOfWork), {
      name: 'sweeping',
      everyMs: 2,
      now: () => time,
      async hasWork() {
        looks[who] = (looks[who] ?? 0) + 1;
        return isDue;
      },
      async runStep() {
        steps[who] = (steps[who] ?? 0) + 1;
        mostAtWork = Math.max(mostAtWork, (atWork += 1));
        await delay(3);
        atWork -= 1;
        return false;
      },
      ...changes,
    });
    running.push(work);
    work.start();
    return work;
  }

  const leases = () => database.unitOfWork.query('SELECT name FROM lease');

  it('writes nothing while there is none', async () => {
    aReplica(0);
    await waitUntil(() => (looks[0] ?? 0) > 5);

    expect(await leases()).toEqual([]);
    expect(steps).toEqual([0, 0]);
  });

  it('is done by one replica at a time, and by the other when that one stops', async () => {
    isDue = true;
    const first = aReplica(0);
    aReplica(1);
    await waitUntil(() => (steps[0] ?? 0) > 3 && (looks[1] ?? 0) > 3);
    await first.stop();
    const before = steps[1] ?? 0;
    await waitUntil(() => (steps[1] ?? 0) > before + 3);

    expect(mostAtWork).toBe(1);
  });

  it('goes on without a break while there is more', async () => {
    isDue = true;
    let left = 100;
    aReplica(0, { everyMs: 60_000, runStep: async () => (left -= 1) > 0 });
    await waitUntil(() => left === 0);

    expect(looks[0]).toBe(1);
  });

  it('leaves requests their turn between two steps, however much there is', async () => {
    isDue = true;
    let left = 300;
    let leftAtTurn = 0;
    aReplica(0, {
      async runStep() {
        await database.unitOfWork.execute('UPDATE lease SET holder = holder');
        if (left === 300) setImmediate(() => (leftAtTurn = left));
        return (left -= 1) > 0;
      },
    });
    await waitUntil(() => left === 0);

    expect(leftAtTurn).toBeGreaterThan(290);
  });

  it('is taken over from a replica that died when its lease has run out', async () => {
    const dead = { holder: 'dead', now: time, seconds: 5 };
    await new Leases(database.unitOfWork).acquire('sweeping', dead);
    isDue = true;
    aReplica(0);
    await waitUntil(() => (looks[0] ?? 0) > 5);
    expect(steps[0]).toBe(0);

    time += 5_000;
    await waitUntil(() => (steps[0] ?? 0) > 0);
  });

  it('that fails is tried again, and told of once', async () => {
    isDue = true;
    let failures = 0;
    const lines: string[] = [];
    const note = (text: string) => void lines.push(text);
    Logger.overrideLogger({ log: note, error: note, warn: note });
    aReplica(0, {
      runStep: async () => {
        if ((failures += 1) <= 3) throw new Error('no broom');
        isDue = false;
        return false;
      },
    });
    await waitUntil(() => lines.includes('succeeds again'));

    expect(failures).toBe(4);
    expect(lines).toEqual(['fails, and is tried again: no broom', 'succeeds again']);
    Logger.overrideLogger(true);
  });

  it('is over, and its lease free, when stop() resolves', async () => {
    isDue = true;
    let heardOf = false;
    let isOver = false;
    const work = aReplica(0, {
      async runStep(stopping) {
        steps[0] = 1;
        await delay(1_000, undefined, { signal: stopping }).catch(() => (heardOf = true));
        await delay(10);
        isOver = true;
        return true;
      },
    });
    await waitUntil(() => steps[0] === 1);
    await work.stop();

    expect([heardOf, isOver]).toEqual([true, true]);
    expect(await leases()).toEqual([]);
  });

  it('has a signal for each step: none gathers what is made of it for as long as the process lives', async () => {
    isDue = true;
    const signals = new Set<AbortSignal>();
    aReplica(0, {
      runStep(stopping) {
        signals.add(stopping);
        isDue = signals.size < 3;
        return Promise.resolve(isDue);
      },
    });
    await waitUntil(() => !isDue);
    expect(signals.size).toBe(3);
  });
});

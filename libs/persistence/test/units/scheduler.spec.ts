import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Leases, type UnitOfWork } from '@gatehouse/persistence';
import { type PostgresServer, startPostgres } from '@gatehouse/persistence/testing';
import { Logger } from '@nestjs/common';
import { authConfig } from '../../src/auth.config.js';
import { Scheduler } from '../../src/platform/scheduler/scheduler.js';
import { openAuthDatabase } from '../support/auth-database.js';
import { TestClock } from '../support/test-auth.js';

const SOON = 0.01;

/** Waits for what happens once and stays. */
async function until(isSo: () => boolean): Promise<void> {
  const giveUp = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > giveUp) throw new Error('it did not come to that');
    await new Promise((again) => setTimeout(again, 5));
  }
}

/** A promise and the hand that settles it. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describe('upkeep by replicas on one PostgreSQL', () => {
  let server: PostgresServer;
  let dataDir: string;
  const running: { upkeep: Scheduler; close(): Promise<void> }[] = [];
  let databases = 0;
  let databaseUrl: string;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await startPostgres();
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-upkeep-'));
  });
  beforeEach(async () => {
    databaseUrl = await server.createDatabase(`upkeep_${(databases += 1)}`);
  });
  afterEach(async () => {
    for (const { upkeep, close } of running.splice(0)) {
      await upkeep.beforeApplicationShutdown();
      await close();
    }
  });
  afterAll(() => server.stop());

  const aReplica = async (clock = new TestClock(), BACKGROUND_TASKS = 'true') => {
    const database = await openAuthDatabase({ dataDir, databaseUrl });
    const config = authConfig({ BACKGROUND_TASKS });
    const upkeep = new Scheduler(new Leases(database.unitOfWork), clock, config);
    running.push({ upkeep, close: () => database.close() });
    return { upkeep, clock, unitOfWork: database.unitOfWork };
  };
  /** A task that counts its turns. */
  const counted = (name: string, by: 'one replica' | 'every replica' = 'one replica') => {
    const task = {
      name,
      everySeconds: SOON,
      by,
      turns: 0,
      work: () => {
        task.turns += 1;
        return Promise.resolve();
      },
    };
    return task;
  };

  it('gives what one is enough for to one of them, and the rest to all', async () => {
    const [one, other] = [await aReplica(), await aReplica()];
    const tasks = [one, other].map(({ upkeep }) => {
      const [alone, all] = [counted('alone'), counted('all', 'every replica')];
      upkeep.add(alone);
      upkeep.add(all);
      upkeep.onApplicationBootstrap();
      return { alone, all };
    });
    await until(() => tasks.every(({ all }) => all.turns >= 20));
    await until(() => tasks.some(({ alone }) => alone.turns >= 5));
    expect(tasks.filter(({ alone }) => alone.turns > 0)).toHaveLength(1);
  });

  it('goes to the other one at once when a replica stops', async () => {
    const [one, other] = [await aReplica(), await aReplica()];
    const [first, second] = [counted('alone'), counted('alone')];
    one.upkeep.add(first);
    one.upkeep.onApplicationBootstrap();
    await until(() => first.turns > 0);
    other.upkeep.add(second);
    other.upkeep.onApplicationBootstrap();
    await one.upkeep.beforeApplicationShutdown();
    const atTheEnd = first.turns;
    await until(() => second.turns >= 3);
    expect(first.turns).toBe(atTheEnd);
  });

  it('goes to the other one when the lease of a replica that died is over', async () => {
    const dead = await aReplica();
    const leases = new Leases(dead.unitOfWork);
    await leases.acquire('upkeep', { holder: 'dead', now: dead.clock.now(), seconds: 15 });
    const other = await aReplica();
    const task = counted('alone');
    const seen = counted('all', 'every replica');
    other.upkeep.add(task);
    other.upkeep.add(seen);
    other.upkeep.onApplicationBootstrap();
    await until(() => seen.turns >= 20);
    expect(task.turns).toBe(0);
    other.clock.advance({ seconds: 15 });
    await until(() => task.turns >= 3);
  });

  it('is not for a process with BACKGROUND_TASKS=false, but for what every replica does', async () => {
    const { upkeep } = await aReplica(new TestClock(), 'false');
    const [alone, all] = [counted('alone'), counted('all', 'every replica')];
    upkeep.add(alone);
    upkeep.add(all);
    upkeep.onApplicationBootstrap();
    await until(() => all.turns >= 20);
    expect(alone.turns).toBe(0);
    await upkeep.runNow('alone');
    expect(alone.turns).toBe(1);
  });

  it('tells once that a task fails, tries it again, and tells that it succeeds again', async () => {
    const [errors, others]: [string[], string[]] = [[], []];
    const other = (text: unknown) => others.push(String(text));
    const error = (text: unknown) => errors.push(String(text));
    Logger.overrideLogger({ error, log: other, warn: other });
    const { upkeep } = await aReplica();
    let turns = 0;
    upkeep.add({
      name: 'falters',
      everySeconds: SOON,
      by: 'one replica',
      work: () => ((turns += 1) <= 5 ? Promise.reject(new Error('no luck')) : Promise.resolve()),
    });
    upkeep.onApplicationBootstrap();
    await until(() => others.some((text) => text.includes('task falters succeeds again')));
    Logger.overrideLogger(false);
    expect(turns).toBeGreaterThan(5);
    expect(errors.filter((text) => text.includes('no luck'))).toHaveLength(1);
  });

  it('never lets a task overlap with itself, nor with one that is run by hand', async () => {
    const { upkeep } = await aReplica();
    const { opened, open } = gate();
    let [at, most, turns] = [0, 0, 0];
    upkeep.add({
      name: 'slow',
      everySeconds: SOON,
      by: 'one replica',
      work: async () => {
        at += 1;
        most = Math.max(most, at);
        turns += 1;
        await opened;
        at -= 1;
      },
    });
    const beside = counted('beside', 'every replica');
    upkeep.add(beside);
    upkeep.onApplicationBootstrap();
    await until(() => turns > 0);
    const byHand = [upkeep.runNow('slow'), upkeep.runNow('slow')];
    const before = beside.turns;
    await until(() => beside.turns > before + 20);
    expect(turns).toBe(1);
    open();
    await Promise.all(byHand);
    expect(turns).toBeGreaterThanOrEqual(3);
    expect(most).toBe(1);
  });

  it('finishes what has begun before the process stops, tells it to hurry, and gives the lease back', async () => {
    const { upkeep, unitOfWork } = await aReplica();
    let [hasBegun, isDone, wasTold] = [false, false, false];
    upkeep.add({
      name: 'long',
      everySeconds: SOON,
      by: 'one replica',
      work: async (stopping) => {
        hasBegun = true;
        await new Promise<void>((told) => {
          stopping.addEventListener('abort', () => told());
        });
        wasTold = true;
        await unitOfWork.query('SELECT 1');
        isDone = true;
      },
    });
    upkeep.onApplicationBootstrap();
    await until(() => hasBegun);
    await upkeep.beforeApplicationShutdown();
    expect([wasTold, isDone]).toEqual([true, true]);
    expect(await leaseRows(unitOfWork)).toEqual([]);
  });

  it('refuses a second task of the same name', async () => {
    const { upkeep } = await aReplica();
    upkeep.add(counted('twice'));
    expect(() => upkeep.add(counted('twice'))).toThrow('two tasks are called twice');
  });

  it('writes its lease a few times a minute, however often its tasks run', async () => {
    const { upkeep, unitOfWork, clock } = await aReplica();
    const tasks = [counted('one'), counted('two'), counted('three')];
    for (const task of tasks) upkeep.add(task);
    upkeep.onApplicationBootstrap();
    await until(() => tasks.every(({ turns }) => turns > 0));
    const [first] = await leaseRows(unitOfWork);
    const turnsOf = () => tasks.reduce((sum, { turns }) => sum + turns, 0);
    const before = turnsOf();
    await until(() => turnsOf() > before + 30);
    clock.advance({ seconds: 9 });
    const then = turnsOf();
    await until(() => turnsOf() > then + 30);
    expect(await leaseRows(unitOfWork)).toEqual([first]);
  });
});

const leaseRows = (unitOfWork: UnitOfWork) =>
  unitOfWork.query('SELECT holder, expires_at, xmin FROM lease');

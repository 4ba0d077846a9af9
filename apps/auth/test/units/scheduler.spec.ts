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

/** Waits for a condition that stays true. */
async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error('the condition did not become true');
    await new Promise((again) => setTimeout(again, 5));
  }
}

/** A promise and the function that resolves it. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describe('the scheduler of replicas on one PostgreSQL', () => {
  let server: PostgresServer;
  let dataDir: string;
  const running: { scheduler: Scheduler; close(): Promise<void> }[] = [];
  let databases = 0;
  let databaseUrl: string;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await startPostgres();
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-scheduler-'));
  });
  beforeEach(async () => {
    databaseUrl = await server.createDatabase(`scheduler_${(databases += 1)}`);
  });
  afterEach(async () => {
    for (const { scheduler, close } of running.splice(0)) {
      await scheduler.beforeApplicationShutdown();
      await close();
    }
  });
  afterAll(() => server.stop());

  const aReplica = async (clock = new TestClock(), BACKGROUND_TASKS = 'true') => {
    const database = await openAuthDatabase({ dataDir, databaseUrl });
    const config = authConfig({ BACKGROUND_TASKS });
    const scheduler = new Scheduler(new Leases(database.unitOfWork), clock, config);
    running.push({ scheduler, close: () => database.close() });
    return { scheduler, clock, unitOfWork: database.unitOfWork };
  };
  /** A job that counts its turns. */
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

  it('runs a job for one replica on one replica, and a job for every replica on all', async () => {
    const [one, other] = [await aReplica(), await aReplica()];
    const tasks = [one, other].map(({ scheduler }) => {
      const [alone, all] = [counted('alone'), counted('all', 'every replica')];
      scheduler.add(alone);
      scheduler.add(all);
      scheduler.onApplicationBootstrap();
      return { alone, all };
    });
    await until(() => tasks.every(({ all }) => all.turns >= 20));
    await until(() => tasks.some(({ alone }) => alone.turns >= 5));
    expect(tasks.filter(({ alone }) => alone.turns > 0)).toHaveLength(1);
  });

  it('moves the lease to the other replica at once when a replica stops', async () => {
    const [one, other] = [await aReplica(), await aReplica()];
    const [first, second] = [counted('alone'), counted('alone')];
    one.scheduler.add(first);
    one.scheduler.onApplicationBootstrap();
    await until(() => first.turns > 0);
    other.scheduler.add(second);
    other.scheduler.onApplicationBootstrap();
    await one.scheduler.beforeApplicationShutdown();
    const atTheEnd = first.turns;
    await until(() => second.turns >= 3);
    expect(first.turns).toBe(atTheEnd);
  });

  it('moves the lease to the other replica when the lease of a dead replica expires', async () => {
    const dead = await aReplica();
    const leases = new Leases(dead.unitOfWork);
    await leases.acquire('upkeep', { holder: 'dead', now: dead.clock.now(), seconds: 15 });
    const other = await aReplica();
    const task = counted('alone');
    const seen = counted('all', 'every replica');
    other.scheduler.add(task);
    other.scheduler.add(seen);
    other.scheduler.onApplicationBootstrap();
    await until(() => seen.turns >= 20);
    expect(task.turns).toBe(0);
    other.clock.advance({ seconds: 15 });
    await until(() => task.turns >= 3);
  });

  it('runs only jobs for every replica with BACKGROUND_TASKS=false', async () => {
    const { scheduler } = await aReplica(new TestClock(), 'false');
    const [alone, all] = [counted('alone'), counted('all', 'every replica')];
    scheduler.add(alone);
    scheduler.add(all);
    scheduler.onApplicationBootstrap();
    await until(() => all.turns >= 20);
    expect(alone.turns).toBe(0);
    await scheduler.runNow('alone');
    expect(alone.turns).toBe(1);
  });

  it('logs a failing job once, runs it again, and logs that it succeeds again', async () => {
    const [errors, others]: [string[], string[]] = [[], []];
    const other = (text: unknown) => others.push(String(text));
    const error = (text: unknown) => errors.push(String(text));
    Logger.overrideLogger({ error, log: other, warn: other });
    const { scheduler } = await aReplica();
    let turns = 0;
    scheduler.add({
      name: 'falters',
      everySeconds: SOON,
      by: 'one replica',
      work: () => ((turns += 1) <= 5 ? Promise.reject(new Error('no luck')) : Promise.resolve()),
    });
    scheduler.onApplicationBootstrap();
    await until(() => others.some((text) => text.includes('task falters succeeds again')));
    Logger.overrideLogger(false);
    expect(turns).toBeGreaterThan(5);
    expect(errors.filter((text) => text.includes('no luck'))).toHaveLength(1);
  });

  it('never runs two turns of a job at the same time, also with runNow', async () => {
    const { scheduler } = await aReplica();
    const { opened, open } = gate();
    let [current, max, turns] = [0, 0, 0];
    scheduler.add({
      name: 'slow',
      everySeconds: SOON,
      by: 'one replica',
      work: async () => {
        current += 1;
        max = Math.max(max, current);
        turns += 1;
        await opened;
        current -= 1;
      },
    });
    const beside = counted('beside', 'every replica');
    scheduler.add(beside);
    scheduler.onApplicationBootstrap();
    await until(() => turns > 0);
    const byHand = [scheduler.runNow('slow'), scheduler.runNow('slow')];
    const before = beside.turns;
    await until(() => beside.turns > before + 20);
    expect(turns).toBe(1);
    open();
    await Promise.all(byHand);
    expect(turns).toBeGreaterThanOrEqual(3);
    expect(max).toBe(1);
  });

  it('aborts and awaits the running turn before the process stops, and releases the lease', async () => {
    const { scheduler, unitOfWork } = await aReplica();
    let [hasBegun, isDone, wasAborted] = [false, false, false];
    scheduler.add({
      name: 'long',
      everySeconds: SOON,
      by: 'one replica',
      work: async (stopping) => {
        hasBegun = true;
        await new Promise<void>((resolve) => {
          stopping.addEventListener('abort', () => resolve());
        });
        wasAborted = true;
        await unitOfWork.query('SELECT 1');
        isDone = true;
      },
    });
    scheduler.onApplicationBootstrap();
    await until(() => hasBegun);
    await scheduler.beforeApplicationShutdown();
    expect([wasAborted, isDone]).toEqual([true, true]);
    expect(await leaseRows(unitOfWork)).toEqual([]);
  });

  it('rejects a second job of the same name', async () => {
    const { scheduler } = await aReplica();
    scheduler.add(counted('twice'));
    expect(() => scheduler.add(counted('twice'))).toThrow('two tasks are called twice');
  });

  it('writes its lease a few times a minute, independently of the number of turns', async () => {
    const { scheduler, unitOfWork, clock } = await aReplica();
    const tasks = [counted('one'), counted('two'), counted('three')];
    for (const task of tasks) scheduler.add(task);
    scheduler.onApplicationBootstrap();
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

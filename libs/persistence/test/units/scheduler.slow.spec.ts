import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestClock, waitUntil } from '@gatehouse/service-kit/testing';
import { Logger } from '@nestjs/common';
import { LeaseRepository, Scheduler, type UnitOfWork } from '../../src/index.js';
import { type PostgresServer, startPostgres } from '../../testing/index.js';
import { openLeaseDatabase } from '../support/leases.js';

const SOON = 0.01;

/** A promise that the test resolves. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describe('jobs of replicas on one PostgreSQL', () => {
  let server: PostgresServer;
  let dataDir: string;
  const running: { scheduler: Scheduler; close(): Promise<void> }[] = [];
  let databases = 0;
  let databaseUrl: string;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await startPostgres();
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-jobs-'));
  });
  beforeEach(async () => {
    databaseUrl = await server.createDatabase(`jobs_${(databases += 1)}`);
  });
  afterEach(async () => {
    for (const { scheduler, close } of running.splice(0)) {
      await scheduler.beforeApplicationShutdown();
      await close();
    }
  });
  afterAll(() => server.stop());

  const aReplica = async ({ clock = new TestClock(), canLead = true } = {}) => {
    const database = await openLeaseDatabase({ dataDir, databaseUrl });
    const options = { clock, leaderLease: 'upkeep', canLead };
    const scheduler = new Scheduler(new LeaseRepository(database.unitOfWork), options);
    running.push({ scheduler, close: () => database.close() });
    return { scheduler, clock, unitOfWork: database.unitOfWork };
  };
  /** A job that counts its runs. */
  const counted = (name: string, runsOn: 'one replica' | 'every replica' = 'one replica') => {
    const job = {
      name,
      everySeconds: SOON,
      runsOn,
      runs: 0,
      run: () => {
        job.runs += 1;
        return Promise.resolve();
      },
    };
    return job;
  };

  it('runs a job of one replica in one replica, and a job of every replica in each', async () => {
    const [one, other] = [await aReplica(), await aReplica()];
    const jobs = [one, other].map(({ scheduler }) => {
      const [alone, all] = [counted('alone'), counted('all', 'every replica')];
      scheduler.add(alone);
      scheduler.add(all);
      scheduler.onApplicationBootstrap();
      return { alone, all };
    });
    await waitUntil(() => jobs.every(({ all }) => all.runs >= 20));
    await waitUntil(() => jobs.some(({ alone }) => alone.runs >= 5));
    expect(jobs.filter(({ alone }) => alone.runs > 0)).toHaveLength(1);
  });

  it('moves to another replica at once when the leader stops', async () => {
    const [one, other] = [await aReplica(), await aReplica()];
    const [first, second] = [counted('alone'), counted('alone')];
    one.scheduler.add(first);
    one.scheduler.onApplicationBootstrap();
    await waitUntil(() => first.runs > 0);
    other.scheduler.add(second);
    other.scheduler.onApplicationBootstrap();
    await one.scheduler.beforeApplicationShutdown();
    const runsAtStop = first.runs;
    await waitUntil(() => second.runs >= 3);
    expect(first.runs).toBe(runsAtStop);
  });

  it('moves to another replica when the lease of a dead leader expires', async () => {
    const dead = await aReplica();
    const leases = new LeaseRepository(dead.unitOfWork);
    await leases.acquire('upkeep', { holder: 'dead', now: dead.clock.now(), seconds: 15 });
    const other = await aReplica();
    const job = counted('alone');
    const seen = counted('all', 'every replica');
    other.scheduler.add(job);
    other.scheduler.add(seen);
    other.scheduler.onApplicationBootstrap();
    await waitUntil(() => seen.runs >= 20);
    expect(job.runs).toBe(0);
    other.clock.advance({ seconds: 15 });
    await waitUntil(() => job.runs >= 3);
  });

  it('lets the pauses of a job without work grow, until this process writes', async () => {
    const idle = async () => {
      const database = await openLeaseDatabase({ dataDir, databaseUrl });
      const options = { clock: new TestClock(), maxIdleSeconds: 3_600 };
      const scheduler = new Scheduler(new LeaseRepository(database.unitOfWork), options);
      running.push({ scheduler, close: () => database.close() });
      let looks = 0;
      const hasWork = () => Promise.resolve((looks += 1) < 0);
      const run = () => Promise.resolve(false);
      scheduler.add({ name: 'idle', everySeconds: SOON, runsOn: 'lease holder', hasWork, run });
      scheduler.onApplicationBootstrap();
      return { unitOfWork: database.unitOfWork, count: () => looks };
    };
    const [one, other] = [await idle(), await idle()];
    // The next pause is at least a thousand times the usual one.
    await waitUntil(() => Math.min(one.count(), other.count()) >= 30);
    const before = other.count();
    await one.unitOfWork.execute(`UPDATE lease SET holder = holder WHERE name = 'absent'`);
    const seen = one.count();
    await waitUntil(() => one.count() >= seen + 5);
    expect(other.count()).toBeLessThanOrEqual(before + 1);
  });

  it('goes on running jobs while the clock is corrected by five minutes', async () => {
    const { scheduler, clock } = await aReplica();
    const job = counted('alone');
    scheduler.add(job);
    scheduler.onApplicationBootstrap();
    for (const seconds of [-300, 600]) {
      clock.correct({ seconds });
      clock.advance({ seconds: 15 });
      const before = job.runs;
      await waitUntil(() => job.runs >= before + 3);
    }
  });

  it('runs only jobs of every replica in a process that cannot lead, unless a caller runs one now', async () => {
    const { scheduler } = await aReplica({ canLead: false });
    const [alone, all] = [counted('alone'), counted('all', 'every replica')];
    scheduler.add(alone);
    scheduler.add(all);
    scheduler.onApplicationBootstrap();
    await waitUntil(() => all.runs >= 20);
    expect(alone.runs).toBe(0);
    await scheduler.runNow('alone');
    expect(alone.runs).toBe(1);
  });

  it('logs the first failure of a job, retries it, and logs the next success', async () => {
    const [errors, others]: [string[], string[]] = [[], []];
    const other = (text: unknown) => others.push(String(text));
    const error = (text: unknown) => errors.push(String(text));
    Logger.overrideLogger({ error, log: other, warn: other });
    const { scheduler } = await aReplica();
    let runs = 0;
    scheduler.add({
      name: 'falters',
      everySeconds: SOON,
      runsOn: 'one replica',
      run: () => ((runs += 1) <= 5 ? Promise.reject(new Error('no luck')) : Promise.resolve()),
    });
    scheduler.onApplicationBootstrap();
    await waitUntil(() => others.some((text) => text.includes('job falters succeeds again')));
    Logger.overrideLogger(false);
    expect(runs).toBeGreaterThan(5);
    expect(errors.filter((text) => text.includes('no luck'))).toHaveLength(1);
  });

  it('never runs a job twice at the same time, also when a caller runs it now', async () => {
    const { scheduler } = await aReplica();
    const { opened, open } = gate();
    let [active, maxActive, runs] = [0, 0, 0];
    scheduler.add({
      name: 'slow',
      everySeconds: SOON,
      runsOn: 'one replica',
      run: async () => {
        active += 1;
        maxActive = Math.max(maxActive, active);
        runs += 1;
        await opened;
        active -= 1;
      },
    });
    const beside = counted('beside', 'every replica');
    scheduler.add(beside);
    scheduler.onApplicationBootstrap();
    await waitUntil(() => runs > 0);
    const byHand = [scheduler.runNow('slow'), scheduler.runNow('slow')];
    const before = beside.runs;
    await waitUntil(() => beside.runs > before + 20);
    expect(runs).toBe(1);
    open();
    await Promise.all(byHand);
    expect(runs).toBeGreaterThanOrEqual(3);
    expect(maxActive).toBe(1);
  });

  it('aborts a running job at shutdown, waits for its end, and releases the lease', async () => {
    const { scheduler, unitOfWork } = await aReplica();
    let [hasStarted, isDone, wasAborted] = [false, false, false];
    scheduler.add({
      name: 'long',
      everySeconds: SOON,
      runsOn: 'one replica',
      run: async (stopping) => {
        hasStarted = true;
        await new Promise<void>((aborted) => {
          stopping.addEventListener('abort', () => aborted());
        });
        wasAborted = true;
        await unitOfWork.query('SELECT 1');
        isDone = true;
      },
    });
    scheduler.onApplicationBootstrap();
    await waitUntil(() => hasStarted);
    await scheduler.beforeApplicationShutdown();
    expect([wasAborted, isDone]).toEqual([true, true]);
    expect(await leaseRows(unitOfWork)).toEqual([]);
  });

  it('rejects a job of one replica without the name of the lease', async () => {
    const { unitOfWork, clock } = await aReplica();
    const scheduler = new Scheduler(new LeaseRepository(unitOfWork), { clock });
    expect(() => scheduler.add(counted('alone'))).toThrow('job alone needs the option leaderLease');
  });

  it('rejects a second job of the same name', async () => {
    const { scheduler } = await aReplica();
    scheduler.add(counted('twice'));
    expect(() => scheduler.add(counted('twice'))).toThrow('two jobs have the name twice');
  });

  it('writes the lease a few times a minute, also when jobs run more often', async () => {
    const { scheduler, unitOfWork, clock } = await aReplica();
    const jobs = [counted('one'), counted('two'), counted('three')];
    for (const job of jobs) scheduler.add(job);
    scheduler.onApplicationBootstrap();
    await waitUntil(() => jobs.every(({ runs }) => runs > 0));
    const [first] = await leaseRows(unitOfWork);
    const countRuns = () => jobs.reduce((sum, { runs }) => sum + runs, 0);
    const before = countRuns();
    await waitUntil(() => countRuns() > before + 30);
    clock.advance({ seconds: 9 });
    const then = countRuns();
    await waitUntil(() => countRuns() > then + 30);
    expect(await leaseRows(unitOfWork)).toEqual([first]);
  });
});

const leaseRows = (unitOfWork: UnitOfWork) =>
  unitOfWork.query('SELECT holder, expires_at, xmin FROM lease');

import { type Database, LeaseRepository } from '../../src/index.js';
import { eachDatabase } from '../../testing/index.js';
import { openLeaseDatabase } from '../support/leases.js';

const START = Date.UTC(2026, 10, 23, 12);

eachDatabase('a lease', (fresh, name) => {
  const opened: Database[] = [];
  /** Repositories on separate connections, as in several processes. */
  let replicas: readonly LeaseRepository[];
  let work: Database['unitOfWork'];
  let lease: string;
  let leases = 0;

  beforeAll(async () => {
    const settings = await fresh();
    for (const _ of ['one', 'other']) opened.push(await openLeaseDatabase(settings));
    replicas = opened.map(({ unitOfWork }) => new LeaseRepository(unitOfWork));
    work = (opened[0] as Database).unitOfWork;
  });
  afterAll(async () => {
    for (const database of opened) await database.close();
  });
  beforeEach(() => {
    lease = `lease-${(leases += 1)}`;
  });

  const [ONE, OTHER] = [0, 1];
  const acquire = (replica: number, { at, seconds = 15 }: { at: number; seconds?: number }) => {
    const request = { holder: `replica-${replica}`, now: START + at * 1000, seconds };
    return replicas[replica]?.acquire(lease, request);
  };
  const acquireTwentyTimes = (caller: string, now: number) =>
    Promise.all(
      Array.from({ length: 20 }, async (_, n) =>
        replicas[n % 2]?.acquire(lease, { holder: `${caller}-${n}`, now, seconds: 15 }),
      ),
    );
  const release = (replica: number) => replicas[replica]?.release(lease, `replica-${replica}`);

  it('gives a lease to one of twenty simultaneous callers', async () => {
    const given = await acquireTwentyTimes('caller', START);
    expect(given.filter(Boolean)).toHaveLength(1);
    const [row] = await work.query('SELECT holder FROM lease WHERE name = $1', [lease]);
    expect(row).toEqual({ holder: `caller-${given.indexOf(true)}` });
  });

  it('lets the holder prolong a lease and refuses other callers until it expires', async () => {
    expect(await acquire(ONE, { at: 0 })).toBe(true);
    expect(await acquire(ONE, { at: 10 })).toBe(true);
    expect(await acquire(OTHER, { at: 15 })).toBe(false);
    expect(await acquire(OTHER, { at: 24.999 })).toBe(false);
    expect(await acquire(OTHER, { at: 25 })).toBe(true);
    expect(await acquire(ONE, { at: 26 })).toBe(false);
  });

  it('goes to one of many callers that find it expired', async () => {
    await acquire(ONE, { at: 0 });
    const taken = await acquireTwentyTimes('late', START + 15_000);
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  it('frees a lease when its holder, and no other caller, releases it', async () => {
    await acquire(ONE, { at: 0 });
    await release(OTHER);
    expect(await acquire(OTHER, { at: 1 })).toBe(false);
    await release(ONE);
    expect(await acquire(OTHER, { at: 1 })).toBe(true);
  });

  it('expires when it was stored before a clock was set back by five minutes', async () => {
    expect(await acquire(ONE, { at: 0 })).toBe(true);
    expect(await acquire(OTHER, { at: -10 })).toBe(false);
    expect(await acquire(OTHER, { at: -300 })).toBe(true);
    expect(await acquire(ONE, { at: -299 })).toBe(false);
  });

  it('exists once per name', async () => {
    await acquire(ONE, { at: 0 });
    const elsewhere = { holder: 'replica-1', now: START, seconds: 15 };
    expect(await replicas[OTHER]?.acquire(`${lease}-elsewhere`, elsewhere)).toBe(true);
  });

  it('ends early for a holder whose clock is behind, and has one holder in the table', async () => {
    await acquire(ONE, { at: -20 });
    expect(await acquire(OTHER, { at: 0 })).toBe(true);
    expect(await acquire(ONE, { at: -19 })).toBe(false);
  });

  if (name === 'PostgreSQL') {
    it('costs a refused caller no transaction', async () => {
      await acquire(ONE, { at: 0 });
      const rowVersion = () => work.query('SELECT xmin, xmax FROM lease WHERE name = $1', [lease]);
      const before = await rowVersion();
      expect(await acquire(OTHER, { at: 1 })).toBe(false);
      expect(await rowVersion()).toEqual(before);
    });
  }
});

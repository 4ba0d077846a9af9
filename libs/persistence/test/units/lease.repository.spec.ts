import { type Database, Leases } from '../../src/index.js';
import { eachDatabase } from '../../testing/index.js';
import { openLeaseDatabase } from '../support/leases.js';

const START = Date.UTC(2026, 10, 23, 12);

eachDatabase('a lease', (fresh, name) => {
  const opened: Database[] = [];
  /** The same database as seen by several processes. */
  let replicas: readonly Leases[];
  let work: Database['unitOfWork'];
  let lease: string;
  let leases = 0;

  beforeAll(async () => {
    const settings = await fresh();
    for (const _ of ['one', 'other']) opened.push(await openLeaseDatabase(settings));
    replicas = opened.map(({ unitOfWork }) => new Leases(unitOfWork));
    work = (opened[0] as Database).unitOfWork;
  });
  afterAll(async () => {
    for (const database of opened) await database.close();
  });
  beforeEach(() => {
    lease = `lease-${(leases += 1)}`;
  });

  const [ONE, OTHER] = [0, 1];
  const take = (who: number, { at, seconds = 15 }: { at: number; seconds?: number }) => {
    const wish = { holder: `replica-${who}`, now: START + at * 1000, seconds };
    return replicas[who]?.acquire(lease, wish);
  };
  const manyAtOnce = (asker: string, now: number) =>
    Promise.all(
      Array.from({ length: 20 }, async (_, n) =>
        replicas[n % 2]?.acquire(lease, { holder: `${asker}-${n}`, now, seconds: 15 }),
      ),
    );
  const release = (who: number) => replicas[who]?.release(lease, `replica-${who}`);

  it('is given to one of twenty that ask at once, and to nobody else', async () => {
    const given = await manyAtOnce('asker', START);
    expect(given.filter(Boolean)).toHaveLength(1);
    const [row] = await work.query('SELECT holder FROM lease WHERE name = $1', [lease]);
    expect(row).toEqual({ holder: `asker-${given.indexOf(true)}` });
  });

  it('is prolonged by its holder, and refused to the other for as long', async () => {
    expect(await take(ONE, { at: 0 })).toBe(true);
    expect(await take(ONE, { at: 10 })).toBe(true);
    expect(await take(OTHER, { at: 15 })).toBe(false);
    expect(await take(OTHER, { at: 24.999 })).toBe(false);
    expect(await take(OTHER, { at: 25 })).toBe(true);
    expect(await take(ONE, { at: 26 })).toBe(false);
  });

  it('goes to one of two that find it expired at once', async () => {
    await take(ONE, { at: 0 });
    const taken = await manyAtOnce('late', START + 15_000);
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  it('is free as soon as its holder gives it back; another cannot give it back', async () => {
    await take(ONE, { at: 0 });
    await release(OTHER);
    expect(await take(OTHER, { at: 1 })).toBe(false);
    await release(ONE);
    expect(await take(OTHER, { at: 1 })).toBe(true);
  });

  it('is one for each name', async () => {
    await take(ONE, { at: 0 });
    const elsewhere = { holder: 'replica-1', now: START, seconds: 15 };
    expect(await replicas[OTHER]?.acquire(`${lease}-elsewhere`, elsewhere)).toBe(true);
  });

  it('of a replica whose clock is behind is lost early, and never held by two in the table', async () => {
    await take(ONE, { at: -20 });
    expect(await take(OTHER, { at: 0 })).toBe(true);
    expect(await take(ONE, { at: -19 })).toBe(false);
  });

  if (name === 'PostgreSQL') {
    it('costs the one who asks in vain no transaction', async () => {
      await take(ONE, { at: 0 });
      const rowVersion = () => work.query('SELECT xmin, xmax FROM lease WHERE name = $1', [lease]);
      const before = await rowVersion();
      expect(await take(OTHER, { at: 1 })).toBe(false);
      expect(await rowVersion()).toEqual(before);
    });
  }
});

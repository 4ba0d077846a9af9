import type { Database, UnitOfWork } from '../../src/index.js';
import { eachDatabase, StatementCounter } from '../../testing/index.js';
import { openNotes } from '../support/notes.js';

const INSERT = 'INSERT INTO note (id, text, written_at) VALUES ($1, $2, $3)';
const NOTHING_CHANGED = { affected: 0, rows: [] };

eachDatabase('a decision of the unit of work', (fresh, name) => {
  const isPostgres = name === 'PostgreSQL';
  let database: Database;
  let work: UnitOfWork;
  beforeEach(async () => {
    database = await openNotes(await fresh());
    work = database.unitOfWork;
    for (const id of ['a', 'b']) await work.execute(INSERT, [id, 'unused', 0]);
  });
  afterEach(() => database.close());

  const findNotes = async () =>
    (await work.query<{ id: string; text: string }>('SELECT id, text FROM note ORDER BY id')).map(
      ({ id, text }) => `${id} ${text}`,
    );
  const buildUse = (id: string, by: string) => ({
    lock: {
      sql: 'SELECT 1 FROM note WHERE id = $1 FOR NO KEY UPDATE NOWAIT',
      parameters: [id],
    },
    claim: {
      sql: `UPDATE note SET text = $2 WHERE id = $1 AND text = 'unused' RETURNING id`,
      parameters: [id, `used by ${by}`],
    },
    changes: [
      {
        sql: 'INSERT INTO note (id, text, written_at) VALUES ($1, claimed.id, $2)',
        parameters: [by, 0],
      },
      {
        sql: 'DELETE FROM note WHERE id = $1 AND EXISTS (SELECT 1 FROM claimed)',
        parameters: ['none'],
      },
      { sql: INSERT, parameters: [`event of ${by}`, '', 0] },
    ],
  });
  const use = (id: string, by: string) => work.decide(() => buildUse(id, by));
  const TOUCH = 'UPDATE note SET written_at = 1 WHERE id = $1';
  /** Resolves when another transaction has made its changes. It commits when the returned function is called. */
  const holdLocks = (change: () => Promise<unknown>) =>
    new Promise<() => Promise<void>>((resolve, reject) => {
      const holder = work.transaction(async () => {
        await change();
        await new Promise<void>((release) => {
          resolve(() => {
            release();
            return holder;
          });
        });
      });
      holder.catch(reject);
    });
  const USED = ['a used by x', 'b unused', 'event of x ', 'x a'];

  if (!isPostgres) {
    it('changes nothing on SQLite, so that the caller runs a transaction', async () => {
      expect(await use('a', 'x')).toEqual(NOTHING_CHANGED);
      expect(await findNotes()).toEqual(['a unused', 'b unused']);
    });
    return;
  }

  it('makes all changes when the claim holds, and none when another caller was first', async () => {
    expect(await use('a', 'x')).toEqual({ affected: 1, rows: [] });
    expect(await use('a', 'y')).toEqual(NOTHING_CHANGED);
    expect(await findNotes()).toEqual(USED);
  });

  it('lets one of two callers in the same commit succeed', async () => {
    const outcomes = await Promise.all([use('a', 'x'), use('a', 'y')]);
    expect(outcomes.map(({ affected }) => affected)).toEqual([1, 0]);
    expect(await findNotes()).toEqual(USED);
  });

  it('shares one round trip and one commit with decisions and inserts of other callers', async () => {
    const counter = new StatementCounter(database.reader);
    const insert = { sql: INSERT, parameters: ['c', '', 0] };
    const count = await counter.during(() =>
      Promise.all([use('a', 'x'), use('b', 'y'), work.executeAll([insert])]),
    );
    counter.stop();
    expect(count).toMatchObject({ statements: 5, roundTrips: 1, commits: 1 });
    expect(await findNotes()).toHaveLength(7);
  });

  it('changes nothing, without waiting, while another transaction holds the lock', async () => {
    const release = await holdLocks(() => work.execute(TOUCH, ['a']));
    const [blocked, neighbour] = await Promise.all([use('a', 'x'), use('b', 'y')]);
    await release();
    expect(blocked).toEqual(NOTHING_CHANGED);
    expect(neighbour).toEqual({ affected: 1, rows: [] });
    expect(await findNotes()).toEqual(['a unused', 'b used by y', 'event of y ', 'y b']);
  });

  it('lets the other callers finish when a lock is refused and one of them has to wait', async () => {
    const stored = { sql: INSERT, parameters: ['same key', '', 0] };
    const release = await holdLocks(async () => {
      await work.execute(TOUCH, ['a']);
      await work.execute(INSERT, stored.parameters);
    });
    const refused = use('a', 'x');
    const waiting = expect(work.executeAll([stored])).rejects.toThrow(/duplicate key/);
    const neighbour = use('b', 'y');
    expect(await refused).toEqual(NOTHING_CHANGED);
    expect(await neighbour).toEqual({ affected: 1, rows: [] });
    await release();
    await waiting;
  });

  it('rejects a caller whose preparation or statement fails, and no other caller', async () => {
    await work.execute(INSERT, ['event of y', '', 0]);
    const outcomes = await Promise.allSettled([
      use('a', 'x'),
      use('b', 'y'),
      work.decide(() => {
        throw new Error('the client left');
      }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await findNotes()).toEqual([
      'a used by x',
      'b unused',
      'event of x ',
      'event of y ',
      'x a',
    ]);
  });

  it('changes nothing inside a transaction, which the caller then uses', async () => {
    await work.transaction(async () => {
      expect(await use('a', 'x')).toEqual(NOTHING_CHANGED);
    });
    expect(await findNotes()).toEqual(['a unused', 'b unused']);
  });
});

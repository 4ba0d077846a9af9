import { setTimeout as delay } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import type { Database, UnitOfWork } from '../../src/index.js';
import { eachDatabase } from '../../testing/index.js';
import { Note, openNotes } from '../support/notes.js';

const INSERT = 'INSERT INTO note (id, text, written_at) VALUES ($1, $2, $3)';

/** @returns a function that resolves for all callers when the given number has called it */
function createMeeting(size: number): () => Promise<void> {
  let present = 0;
  let meet: () => void = () => undefined;
  const haveMet = new Promise<void>((resolve) => (meet = resolve));
  return () => {
    present += 1;
    if (present === size) meet();
    return haveMet;
  };
}

eachDatabase('the unit of work', (fresh, name) => {
  let database: Database;
  let work: UnitOfWork;
  beforeEach(async () => {
    database = await openNotes(await fresh());
    work = database.unitOfWork;
  });
  afterEach(() => database.close());

  const ids = async () =>
    (await work.query<{ id: string }>('SELECT id FROM note ORDER BY id')).map(({ id }) => id);
  const write = (id: string) => work.execute(INSERT, [id, 'text', 0]);

  it('returns the number of changed rows and the rows of RETURNING', async () => {
    await write('a');
    const change = 'UPDATE note SET text = $2 WHERE id = $1';
    expect(await work.execute(change, ['a', 'new'])).toEqual({ affected: 1, rows: [] });
    expect(await work.execute(change, ['b', 'new'])).toEqual({ affected: 0, rows: [] });
    expect(await work.execute(`${change} RETURNING id`, ['a', 'newer'])).toEqual({
      affected: 1,
      rows: [{ id: 'a' }],
    });
  });

  it('lets one of fifty conditional updates succeed', async () => {
    await write('a');
    const claim = () =>
      work.execute(`UPDATE note SET written_at = 1 WHERE id = $1 AND written_at = 0`, ['a']);
    const outcomes = await Promise.all(Array.from({ length: 50 }, claim));
    expect(outcomes.filter(({ affected }) => affected === 1)).toHaveLength(1);
  });

  it('tells each caller of a batched conditional update whether its change succeeded', async () => {
    await Promise.all(['a', 'b', 'c'].map(write));
    const step = work.conditionalUpdate({
      table: 'note',
      set: 'written_at = written_at + 1, text = $3',
      where: 'id = $1 AND written_at = $2',
      types: ['text', 'bigint', 'text'],
    });
    const callers = Array.from({ length: 60 }, (_, n) => ['a', 'b', 'c', 'unknown'][n % 4] ?? '');
    const made = await Promise.all(callers.map((id) => step.apply([id, 0, 'stepped'])));
    const winners = callers.filter((_, index) => made[index]);
    expect(winners.sort()).toEqual(['a', 'b', 'c']);
    expect(await work.query('SELECT DISTINCT written_at, text FROM note')).toEqual([
      { written_at: 1, text: 'stepped' },
    ]);
  });

  it('lets one call of a batched conditional update fail without the others', async () => {
    await Promise.all(['a', 'b'].map(write));
    const rename = work.conditionalUpdate({
      table: 'note',
      set: 'id = $2',
      where: 'id = $1',
      types: ['text', 'text'],
    });
    const outcomes = await Promise.allSettled([
      rename.apply(['unknown', 'x']),
      rename.apply(['a', 'b']),
      rename.apply(['b', 'c']),
      rename.apply(['a', null]),
    ]);
    expect(outcomes.map(({ status }) => status)[3]).toBe('rejected');
    expect(outcomes[0]).toEqual({ status: 'fulfilled', value: false });
    expect(outcomes[2]).toEqual({ status: 'fulfilled', value: true });
  });

  it('reads late values when the statement runs, and leaves out a call whose values throw', async () => {
    await Promise.all(['a', 'b'].map(write));
    const step = work.conditionalUpdate({
      table: 'note',
      set: 'text = $2',
      where: 'id = $1',
      types: ['text', 'text'],
    });
    const late = { text: 'early' };
    const outcomes = Promise.allSettled([
      step.apply(() => ['a', late.text]),
      step.apply(() => {
        throw new Error('the client left');
      }),
      step.apply(['b', 'b']),
    ]);
    late.text = 'late';
    expect(await outcomes).toMatchObject([
      { value: true },
      { reason: { message: 'the client left' } },
      { value: true },
    ]);
    expect(await work.query('SELECT text FROM note ORDER BY id')).toEqual([
      { text: 'late' },
      { text: 'b' },
    ]);
  });

  it('lets one statement of a group fail without the others', async () => {
    await write('b');
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map(write));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await ids()).toEqual(['a', 'b', 'c']);
  });

  it('keeps every acknowledged transaction and no rolled-back one when transactions overlap', async () => {
    const pair = (n: number) =>
      work.transaction(async (manager) => {
        await manager.insert(Note, { id: `${n}-first`, text: '', writtenAt: null });
        await delay(1);
        if (n % 5 === 0) throw new Error('changed its mind');
        await manager.insert(Note, { id: `${n}-second`, text: '', writtenAt: null });
      });
    const started = Array.from({ length: 20 }, async (_, n) => {
      await delay(n);
      await pair(n);
    });
    const bystander = delay(7).then(() => write('bystander'));
    const outcomes = await Promise.allSettled([...started, bystander]);

    const acknowledged = outcomes.flatMap(({ status }, n) =>
      status === 'fulfilled' && n < 20 ? [`${n}-first`, `${n}-second`] : [],
    );
    expect(acknowledged).toHaveLength(32);
    expect(await ids()).toEqual([...acknowledged, 'bystander'].sort());
  });

  it('lets one of several waiting transactions fail without the others', async () => {
    await write('2-second');
    const pair = (n: number) =>
      work.transaction(async () => {
        await write(`${n}-first`);
        await write(`${n}-second`);
        return n;
      });
    const outcomes = await Promise.allSettled([1, 2, 3].map(pair));
    expect(outcomes.map((outcome) => 'value' in outcome && outcome.value)).toEqual([1, false, 3]);
    expect(await ids()).toEqual(['1-first', '1-second', '2-second', '3-first', '3-second']);
  });

  it('joins an open transaction', async () => {
    const failing = work.transaction(async () => {
      await write('a');
      await work.transaction(() => write('b'));
      throw new Error('changed its mind');
    });
    await expect(failing).rejects.toThrow('changed its mind');
    expect(await ids()).toEqual([]);
  });

  describe('executeWithCommit', () => {
    it('runs after the other statements of its transaction, in order, also from a nested call', async () => {
      await work.transaction(async () => {
        work.executeWithCommit('UPDATE note SET text = text || $1', ['1']);
        await work.transaction(async () =>
          work.executeWithCommit('UPDATE note SET text = text || $1', ['2']),
        );
        await write('a');
      });
      expect(await work.query('SELECT text FROM note')).toEqual([{ text: 'text12' }]);
    });

    it('rolls the whole transaction back when its statement fails', async () => {
      await write('b');
      const failing = work.transaction(async () => {
        await write('a');
        work.executeWithCommit(INSERT, ['c', '', 0]);
        work.executeWithCommit(INSERT, ['b', '', 0]);
        work.executeWithCommit(INSERT, ['d', '', 0]);
      });
      const neighbour = work.transaction(async () => work.executeWithCommit(INSERT, ['e', '', 0]));
      await expect(failing).rejects.toThrow(/unique/i);
      await neighbour;
      expect(await ids()).toEqual(['b', 'e']);
    });

    it('runs nothing when the transaction throws', async () => {
      const failing = work.transaction(async () => {
        work.executeWithCommit(INSERT, ['a', '', 0]);
        throw new Error('changed its mind');
      });
      await expect(failing).rejects.toThrow('changed its mind');
      expect(await ids()).toEqual([]);
    });

    it('runs more statements than one statement can have parameters', async () => {
      await work.transaction(async () => {
        for (let n = 0; n < 22_000; n += 1) work.executeWithCommit(INSERT, [String(n), '', 0]);
      });
      expect(await ids()).toHaveLength(22_000);
    });

    it('throws outside a transaction', () => {
      expect(() => work.executeWithCommit(INSERT, ['a', '', 0])).toThrow('open transaction');
    });
  });

  describe('executeAll', () => {
    const insert = (id: string) => ({ sql: INSERT, parameters: [id, 'text', 0] });
    const rename = {
      sql: `UPDATE note SET text = 'new' WHERE id = $1 RETURNING id, text`,
      parameters: ['a'],
    };

    it('returns the result of each statement in order', async () => {
      expect(await work.executeAll([insert('a'), rename])).toEqual([
        { affected: 1, rows: [] },
        { affected: 1, rows: [{ id: 'a', text: 'new' }] },
      ]);
      expect(await work.executeAll([])).toEqual([]);
    });

    it('keeps no statement when one fails, and does not harm calls at the same time', async () => {
      const outcomes = await Promise.allSettled([
        work.executeAll([insert('a'), insert('a'), insert('b')]),
        work.executeAll([insert('c'), insert('d')]),
        write('e'),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
      expect(await ids()).toEqual(['c', 'd', 'e']);
    });

    it('joins an open transaction', async () => {
      const failing = work.transaction(async () => {
        await work.executeAll([insert('a'), insert('b')]);
        throw new Error('changed its mind');
      });
      await expect(failing).rejects.toThrow('changed its mind');
      expect(await ids()).toEqual([]);
    });
  });

  it('treats a call as separate that runs after the end of its transaction', async () => {
    let late: Promise<unknown> = Promise.resolve();
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const failing = work.transaction(async () => {
      late = ended.then(() => write('late'));
      await write('a');
      throw new Error('changed its mind');
    });
    await expect(failing).rejects.toThrow('changed its mind');
    end();
    await late;
    expect(await ids()).toEqual(['late']);
  });

  it('never shows uncommitted rows to a reader', async () => {
    let seen: string[] = ['nothing was read'];
    await work.transaction(async (manager) => {
      await manager.insert(Note, { id: 'a', text: '', writtenAt: null });
      seen = (await database.reader.getRepository(Note).find()).map(({ id }) => id);
    });
    expect(seen).toEqual([]);
    expect(await ids()).toEqual(['a']);
  });

  it('keeps instants to the millisecond, as Dates', async () => {
    const writtenAt = new Date('2026-11-23T10:20:30.456Z');
    await work.transaction((manager) => manager.insert(Note, { id: 'a', text: '', writtenAt }));
    const note = await database.reader.getRepository(Note).findOneByOrFail({ id: 'a' });
    expect(note.writtenAt).toEqual(writtenAt);
    expect(await work.query('SELECT written_at FROM note')).toEqual([
      { written_at: writtenAt.getTime() },
    ]);
  });

  it('reads the same entity by its key as the repository does', async () => {
    const writtenAt = new Date('2026-11-23T10:20:30.456Z');
    await work.transaction((manager) => manager.insert(Note, { id: 'a', text: 'x', writtenAt }));
    const lookup = work.lookup(Note);
    const expected = await database.reader.getRepository(Note).findOneBy({ id: 'a' });
    expect(await lookup.find('a')).toEqual(expected);
    expect(await lookup.find('a')).toBeInstanceOf(Note);
    expect(await lookup.find('b')).toBeUndefined();
    const many = await Promise.all(['a', 'b', 'a'].map((id) => lookup.find(id)));
    expect(many.map((note) => note?.id)).toEqual(['a', undefined, 'a']);
  });

  if (name === 'SQLite') {
    it('rejects a write on the connection of readers', async () => {
      const repository = database.reader.getRepository(Note);
      await expect(repository.insert({ id: 'a', text: '', writtenAt: null })).rejects.toThrow(
        'readonly database',
      );
    });

    it('keeps the other transactions of a group after one made SQLite roll back everything', async () => {
      await write('b');
      const rollsBackAll = `INSERT OR ROLLBACK INTO note (id, text, written_at) VALUES ('b', '', 0)`;
      const outcomes = await Promise.allSettled([
        work.transaction(() => write('a')),
        work.transaction(() => work.execute(rollsBackAll)),
        work.transaction(() => write('c')),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await ids()).toEqual(['a', 'b', 'c']);
    });

    it('resolves no transaction before the shared commit', async () => {
      const told: string[] = [];
      const seenByReaders: string[][] = [];
      const one = work.transaction(() => write('a')).then(() => told.push('a'));
      const other = work.transaction(async () => {
        await write('b');
        seenByReaders.push([...told], await ids());
      });
      await Promise.all([one, other]);
      expect(seenByReaders).toEqual([[], []]);
      expect(await ids()).toEqual(['a', 'b']);
    });

    it('is durable: write-ahead log, full synchronisation, foreign keys', async () => {
      const pragma = (text: string) =>
        work.transaction(async (manager) => Object.values((await manager.query(text))[0]));
      expect(await pragma('PRAGMA journal_mode')).toEqual(['wal']);
      expect(await pragma('PRAGMA synchronous')).toEqual([2]);
      expect(await pragma('PRAGMA foreign_keys')).toEqual([1]);
    });
  }

  if (name === 'PostgreSQL') {
    type Append = (first: string, second: string) => Promise<void>;
    /** Two transactions that change the same two rows in opposite orders. */
    const appendCrosswise = (append: Append) =>
      Promise.all([
        work.transaction(() => append('a', 'b')),
        work.transaction(() => append('b', 'a')),
      ]);
    const expectBothAppended = async () => {
      const texts = await work.query<{ text: string }>('SELECT text FROM note');
      expect(texts.map(({ text }) => [...text.slice(4)].sort().join(''))).toEqual(['ab', 'ab']);
    };

    it('retries transactions whose deferred statements deadlock', async () => {
      await Promise.all(['a', 'b'].map(write));
      let attempts = 0;
      const haveMet = createMeeting(2);
      const append = async (first: string, second: string) => {
        const change = `UPDATE note SET text = text || $2 WHERE id = $1`;
        attempts += 1;
        await Promise.all([
          work.execute(`SET LOCAL deadlock_timeout = '10ms'`),
          work.execute(change, [first, first]),
        ]);
        await haveMet();
        work.executeWithCommit(change, [second, first]);
      };
      await appendCrosswise(append);
      expect(attempts).toBeGreaterThanOrEqual(3);
      await expectBothAppended();
    });

    it('rejects a call of the entity manager after the end of its transaction', async () => {
      let manager: EntityManager | undefined;
      await work.transaction(async (given) => {
        manager = given;
        await write('a');
      });
      await expect(manager?.delete(Note, 'a')).rejects.toThrow('the transaction has ended');
      expect(await ids()).toEqual(['a']);
    });

    it('rejects a transaction whose callback ignores a failed statement', async () => {
      await write('b');
      const ignoring = work.transaction(async () => {
        await write('a');
        await write('b').catch(() => undefined);
      });
      await expect(ignoring).rejects.toThrow('one of its statements had failed');
      expect(await ids()).toEqual(['b']);
    });

    it('reads a table after a migration has changed the type of a column', async () => {
      await write('a');
      const read = () => work.query('SELECT text FROM note');
      await read();
      await work.execute('ALTER TABLE note ALTER COLUMN text TYPE varchar(300)');
      expect(await read()).toEqual([{ text: 'text' }]);
    });

    it('retries a transaction that PostgreSQL rolled back to end a deadlock', async () => {
      await Promise.all(['a', 'b'].map(write));
      let attempts = 0;
      const haveMet = createMeeting(2);
      const append = async (first: string, second: string) => {
        const change = `UPDATE note SET text = text || $2 WHERE id = $1`;
        await work.execute(`SET LOCAL deadlock_timeout = '10ms'`);
        await work.execute(change, [first, first]);
        attempts += 1;
        await haveMet();
        await work.execute(change, [second, first]);
      };
      await appendCrosswise(append);
      // The retry can overtake the other transaction, which then waits again, and PostgreSQL ends one more deadlock.
      expect(attempts).toBeGreaterThanOrEqual(3);
      await expectBothAppended();
    });
  }
});

import type { Database } from '../../src/index.js';
import { eachDatabase, StatementCounter } from '../../testing/index.js';
import { Note, openNotes } from '../support/notes.js';

const INSERT = 'INSERT INTO note (id, text) VALUES ($1, $2)';
const FIND = 'SELECT text FROM note WHERE id = $1';

eachDatabase('the cost of a use case', (fresh, name) => {
  let database: Database;
  let counter: StatementCounter;
  beforeAll(async () => {
    database = await openNotes(await fresh());
    counter = new StatementCounter(database.reader);
    await database.unitOfWork.query('SELECT 1');
  });
  afterAll(async () => {
    counter.stop();
    await database.close();
  });

  /** On SQLite there are no round trips. */
  async function expectCost(work: () => Promise<unknown>, [statements, trips, commits]: number[]) {
    const { texts: _, ...cost } = await counter.during(work);
    expect(cost).toEqual({ statements, roundTrips: name === 'SQLite' ? 0 : trips, commits });
  }

  it('a read takes one round trip, and a write one commit', async () => {
    const { unitOfWork, reader } = database;
    await expectCost(() => unitOfWork.query(FIND, ['a']), [1, 1, 0]);
    await expectCost(() => reader.getRepository(Note).findOneBy({ id: 'a' }), [1, 1, 0]);
    await expectCost(() => unitOfWork.execute(INSERT, ['a', '']), [1, 1, 1]);
    await expectCost(
      () => unitOfWork.execute(`UPDATE note SET text = '' WHERE id = 'x'`),
      [1, 1, 0],
    );
  });

  it('a transaction of one statement, a decision and deferred statements takes two round trips', async () => {
    const { unitOfWork } = database;
    const decide = () =>
      unitOfWork.transaction(async () => {
        await unitOfWork.execute(INSERT, ['b', '']);
        unitOfWork.executeWithCommit(INSERT, ['c', '']);
        unitOfWork.executeWithCommit(INSERT, ['d', '']);
      });
    // On PostgreSQL the inserts of equal text are one statement.
    await expectCost(decide, [name === 'SQLite' ? 3 : 2, 2, 1]);
  });

  it('statements that run together take one round trip, and an empty transaction none', async () => {
    const { unitOfWork } = database;
    const statements = ['e', 'f', 'g'].map((id) => ({ sql: INSERT, parameters: [id, ''] }));
    await expectCost(() => unitOfWork.executeAll(statements), [name === 'SQLite' ? 3 : 1, 1, 1]);
    await expectCost(() => unitOfWork.transaction(async () => undefined), [0, 0, 0]);
  });

  it('a transaction of two writes with TypeORM takes three round trips', async () => {
    const write = () =>
      database.unitOfWork.transaction(async (manager) => {
        await manager.insert(Note, { id: 'h', text: '', writtenAt: null });
        await manager.update(Note, { id: 'h' }, { text: 'new' });
      });
    await expectCost(write, [2, 3, 1]);
  });

  it('a transaction that rolls back has no commit', async () => {
    const { unitOfWork } = database;
    const fail = () =>
      unitOfWork
        .transaction(async () => {
          await unitOfWork.execute(INSERT, ['i', '']);
          throw new Error('changed its mind');
        })
        .catch(() => undefined);
    await expectCost(fail, [1, 2, 0]);
  });
});

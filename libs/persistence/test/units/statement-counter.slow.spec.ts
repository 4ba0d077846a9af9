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

  it('is one round trip for a read, and one commit for a write', async () => {
    const { unitOfWork, reader } = database;
    await expectCost(() => unitOfWork.query(FIND, ['a']), [1, 1, 0]);
    await expectCost(() => reader.getRepository(Note).findOneBy({ id: 'a' }), [1, 1, 0]);
    await expectCost(() => unitOfWork.execute(INSERT, ['a', '']), [1, 1, 1]);
    await expectCost(
      () => unitOfWork.execute(`UPDATE note SET text = '' WHERE id = 'x'`),
      [1, 1, 0],
    );
  });

  it('is two round trips for a transaction of one statement, a decision and deferred statements', async () => {
    const { unitOfWork } = database;
    const decide = () =>
      unitOfWork.transaction(async () => {
        await unitOfWork.execute(INSERT, ['b', '']);
        unitOfWork.executeWithCommit(INSERT, ['c', '']);
        unitOfWork.executeWithCommit(INSERT, ['d', '']);
      });
    await expectCost(decide, [3, 2, 1]);
  });

  it('is one round trip for statements that run together, and none for an empty transaction', async () => {
    const { unitOfWork } = database;
    const statements = ['e', 'f', 'g'].map((id) => ({ sql: INSERT, parameters: [id, ''] }));
    await expectCost(() => unitOfWork.executeAll(statements), [3, 1, 1]);
    await expectCost(() => unitOfWork.transaction(async () => undefined), [0, 0, 0]);
  });

  it('is three round trips for a transaction of two writes with TypeORM', async () => {
    const write = () =>
      database.unitOfWork.transaction(async (manager) => {
        await manager.insert(Note, { id: 'h', text: '', writtenAt: null });
        await manager.update(Note, { id: 'h' }, { text: 'new' });
      });
    await expectCost(write, [2, 3, 1]);
  });

  it('has no commit when the transaction rolls back', async () => {
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

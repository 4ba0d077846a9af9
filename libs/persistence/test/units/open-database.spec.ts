import { openDatabase } from '../../src/index.js';
import { eachDatabase } from '../../testing/index.js';
import { noteDatabaseSettings, openNotes } from '../support/notes.js';

eachDatabase('opening a database', (fresh) => {
  it('applies each migration once, also when replicas start together', async () => {
    const at = await fresh();
    const opened = await Promise.all(Array.from({ length: 4 }, () => openNotes(at)));
    opened.push(await openNotes(at));
    const applied = await opened[0]?.unitOfWork.query('SELECT name FROM migrations');
    expect(applied).toEqual([{ name: 'CreateNotes1700000000000' }]);
    for (const database of opened) await database.close();
  });

  it('changes no table when migrations are a separate step', async () => {
    const database = await openDatabase({ ...noteDatabaseSettings(await fresh()), migrate: false });
    await expect(database.unitOfWork.query('SELECT * FROM note')).rejects.toThrow(
      /no such table|does not exist/,
    );
    await database.close();
  });

  it('keeps written rows after it is closed and opened again', async () => {
    const at = await fresh();
    const first = await openNotes(at);
    await first.unitOfWork.execute(`INSERT INTO note (id, text) VALUES ('a', '')`);
    await first.close();
    const second = await openNotes(at);
    expect(await second.unitOfWork.query('SELECT id FROM note')).toEqual([{ id: 'a' }]);
    await second.close();
  });

  it('waits for the lock of another process instead of failing', async () => {
    const at = await fresh();
    const [one, other] = [await openNotes(at), await openNotes(at)];
    const writes = Array.from({ length: 40 }, (_, n) =>
      (n % 2 ? one : other).unitOfWork.execute(`INSERT INTO note (id, text) VALUES ($1, '')`, [
        String(n),
      ]),
    );
    expect(await Promise.all(writes)).toHaveLength(40);
    await one.close();
    await other.close();
  });
});

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, DatabaseUnavailableException, LEASE_TABLE } from '../../src/index.js';
import { openNotes } from '../support/notes.js';

const LONG_TEXT = 'x'.repeat(3_000);

describe('a SQLite file that may not grow', () => {
  let database: Database;

  beforeEach(async () => {
    database = await openNotes({ dataDir: await mkdtemp(join(tmpdir(), 'gatehouse-full-')) });
    await database.unitOfWork.execute('PRAGMA max_page_count = 20');
  });
  afterEach(() => database.close());

  const insert = (id: number) =>
    database.unitOfWork.execute('INSERT INTO note (id, text) VALUES ($1, $2)', [
      String(id),
      LONG_TEXT,
    ]);

  async function fill(): Promise<{ written: number; failure: unknown }> {
    for (let written = 0; ; written += 1) {
      const failure: unknown = await insert(written).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure !== undefined) return { written, failure };
    }
  }

  it('makes a write throw 503 with Retry-After (RFC 9110 §15.6.4) and keeps every acknowledged row', async () => {
    const { written, failure } = await fill();
    expect(failure).toBeInstanceOf(DatabaseUnavailableException);
    expect(failure).toMatchObject({ status: 503, headers: { 'Retry-After': '10' } });
    const grouped = await Promise.allSettled(
      Array.from({ length: 5 }, (_, n) => database.unitOfWork.transaction(() => insert(100 + n))),
    );
    expect(grouped.map(({ status }) => status)).not.toContain('fulfilled');
    const rows = await database.unitOfWork.query('SELECT id FROM note');
    expect(rows).toHaveLength(written);
  });

  it('reports the database as unhealthy until a write succeeds', async () => {
    const { unitOfWork } = database;
    await unitOfWork.execute(LEASE_TABLE);
    await unitOfWork.checkHealth();
    await fill();
    await expect(unitOfWork.checkHealth()).rejects.toBeInstanceOf(DatabaseUnavailableException);
    await unitOfWork.execute('PRAGMA max_page_count = 10000');
    await expect(unitOfWork.checkHealth()).resolves.toBeUndefined();
    expect(await unitOfWork.query('SELECT name FROM lease')).toEqual([]);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { type Database, DatabaseUnavailableException } from '../../src/index.js';
import { openNotes } from '../support/notes.js';

const INSERT = `INSERT INTO note (id, text) VALUES ($1, '')`;

describe('a SQLite file whose lock another process holds', () => {
  let dataDir: string;
  let database: Database;
  let other: BetterSqlite3.Database;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-sqlite-'));
    database = await openNotes({ dataDir });
    other = new BetterSqlite3(join(dataDir, 'notes.sqlite'));
  });
  afterAll(async () => {
    other.close();
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('lets a process that starts wait for the one that migrates', async () => {
    other.exec('BEGIN IMMEDIATE');
    setTimeout(() => other.exec('ROLLBACK'), 200);
    const started = await openNotes({ dataDir });
    await started.close();
    expect(other.inTransaction).toBe(false);
  });

  it('delays a write, makes it throw 503 with Retry-After at the time limit, and accepts writes after the release (RFC 9110 §15.6.4)', async () => {
    const { unitOfWork } = database;
    other.exec('BEGIN IMMEDIATE');
    const failure: unknown = await unitOfWork
      .execute(INSERT, ['one'])
      .catch((error: unknown) => error);
    setTimeout(() => other.exec('ROLLBACK'), 200);
    await unitOfWork.transaction(() => unitOfWork.execute(INSERT, ['two']));

    expect(failure).toBeInstanceOf(DatabaseUnavailableException);
    expect(failure).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
    expect(await unitOfWork.query('SELECT id FROM note')).toEqual([{ id: 'two' }]);
  }, 15_000);

  it('makes all waiting writes throw the same 503 at the first time limit, not one after another', async () => {
    const { unitOfWork } = database;
    const insert = () => unitOfWork.execute(INSERT, ['three']);
    const transaction = () => unitOfWork.transaction(() => unitOfWork.execute(INSERT, ['four']));
    other.exec('BEGIN IMMEDIATE');
    const waiting = [insert, transaction, insert, transaction].map((write) => write());
    const outcomes = await Promise.allSettled(waiting);
    other.exec('ROLLBACK');

    const errors = outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason);
    expect(errors[0]).toBeInstanceOf(DatabaseUnavailableException);
    expect(new Set(errors).size).toBe(1);
    expect(await unitOfWork.query('SELECT id FROM note')).toEqual([{ id: 'two' }]);
  }, 15_000);
});

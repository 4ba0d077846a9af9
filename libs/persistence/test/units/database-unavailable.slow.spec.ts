import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Database, DatabaseUnavailableException } from '../../src/index.js';
import { toAvailabilityError } from '../../src/database-unavailable.exception.js';
import { type PostgresServer, startPostgres } from '../../testing/index.js';
import { Note, openNotes } from '../support/notes.js';

describe('a restart of PostgreSQL', () => {
  let server: PostgresServer;
  let database: Database;
  let doors: Readonly<Record<string, () => Promise<unknown>>>;

  beforeAll(async () => {
    server = await startPostgres();
    database = await openNotes({ databaseUrl: await server.createDatabase('notes'), dataDir: '' });
    doors = listAccessPaths(database);
    // Each connection has served: those that the pool keeps are the ones that will be found dead.
    await Promise.all(Object.values(doors).map((ask) => ask()));
  });
  afterAll(async () => {
    await database.close();
    await server.stop();
  });

  it('makes every method throw 503 with Retry-After during the outage (RFC 9110 §15.6.4), and none after it', async () => {
    const failures: unknown[] = [];
    await server.restart(async () => {
      for (const ask of Object.values(doors)) failures.push(await ask().catch((error) => error));
    });
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(DatabaseUnavailableException);
      expect(failure).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
    }
    expect(failures).toHaveLength(Object.keys(doors).length);
    for (const ask of Object.values(doors)) await ask();
  });

  it('makes the interrupted statement throw 503 and rolls its change back', async () => {
    let begun!: () => void;
    const underWay = new Promise<void>((resolve) => (begun = resolve));
    const write = database.unitOfWork.transaction(async () => {
      await database.unitOfWork.execute(`INSERT INTO note (id, text) VALUES ('half', '')`);
      begun();
      await database.unitOfWork.execute('SELECT pg_sleep(60)');
    });
    const outcome = write.catch((error: unknown) => error);
    await underWay;
    await server.restart();
    expect(await outcome).toBeInstanceOf(DatabaseUnavailableException);
    expect(await database.unitOfWork.query(`SELECT id FROM note WHERE id = 'half'`)).toEqual([]);
  });

  it('makes a transaction throw 503 that it interrupts between two statements, and rolls it back', async () => {
    const write = database.unitOfWork.transaction(async () => {
      await database.unitOfWork.execute(`INSERT INTO note (id, text) VALUES ('half', '')`);
      await server.restart();
      await database.unitOfWork.execute(`UPDATE note SET text = 'whole' WHERE id = 'half'`);
    });
    expect(await write.catch((error: unknown) => error)).toBeInstanceOf(
      DatabaseUnavailableException,
    );
    expect(await database.unitOfWork.query(`SELECT id FROM note WHERE id = 'half'`)).toEqual([]);
  });

  it('makes a transaction throw 503 that it interrupts during the commit, and rolls it back', async () => {
    const { unitOfWork } = database;
    const write = unitOfWork.transaction(async () => {
      await unitOfWork.execute(`INSERT INTO note (id, text) VALUES ('half', '')`);
      unitOfWork.executeWithCommit('SELECT pg_sleep(60)');
    });
    const outcome = write.catch((error: unknown) => error);
    const asleep = `SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'`;
    while ((await unitOfWork.query(asleep)).length === 0) await delay(5);
    await server.restart();
    expect(await outcome).toBeInstanceOf(DatabaseUnavailableException);
    expect(await unitOfWork.query(`SELECT id FROM note WHERE id = 'half'`)).toEqual([]);
  });

  it('does not turn the error of an invalid statement into 503', async () => {
    const failure = await database.unitOfWork.query('SELECT nothing').catch((error) => error);
    expect(failure).not.toBeInstanceOf(DatabaseUnavailableException);
    expect(failure.message).toContain('"nothing"');
  });
});

describe('a statement that PostgreSQL cancels at its time limit', () => {
  let server: PostgresServer;
  let database: Database;
  let operator: pg.Client;

  beforeAll(async () => {
    server = await startPostgres();
    const databaseUrl = await server.createDatabase('notes');
    database = await openNotes({ databaseUrl, dataDir: '' });
    operator = new pg.Client(databaseUrl);
    await operator.connect();
  });
  afterAll(async () => {
    await operator.end();
    await database.close();
    await server.stop();
  });

  /** Cancels as the time limit does: with SQLSTATE 57014. */
  async function cancelWaiting(): Promise<void> {
    const cancel = `SELECT pg_cancel_backend(pid) FROM pg_locks WHERE NOT granted`;
    while ((await operator.query(cancel)).rowCount === 0) await delay(5);
  }

  it('makes all members of its batch throw 503 with it, and does not try them one by one', async () => {
    const update = database.unitOfWork.conditionalUpdate({
      table: 'note',
      set: `text = ''`,
      where: 'id = $1',
      types: ['text'],
    });
    await operator.query('BEGIN; LOCK TABLE notes.note IN SHARE ROW EXCLUSIVE MODE');
    const batch = Array.from({ length: 16 }, (_, n) => update.apply([String(n)]));
    const outcomes = Promise.allSettled(batch);
    await cancelWaiting();
    const errors = (await outcomes).map((one) => (one.status === 'rejected' ? one.reason : one));
    await operator.query('COMMIT');

    expect(errors[0]).toBeInstanceOf(DatabaseUnavailableException);
    expect(errors[0]).toMatchObject({ isStatementTimeout: true });
    expect(new Set(errors).size).toBe(1);
    expect(await update.apply(['0'])).toBe(false);
  });
});

function listAccessPaths({ unitOfWork, reader }: Database) {
  const lookup = unitOfWork.lookup(Note);
  const where = 'id = $1';
  const types = ['text'];
  const update = unitOfWork.conditionalUpdate({ table: 'note', set: `text = ''`, where, types });
  return {
    query: () => unitOfWork.query('SELECT 1'),
    execute: () => unitOfWork.execute(`UPDATE note SET text = ''`),
    transaction: () =>
      unitOfWork.transaction(() => unitOfWork.execute(`UPDATE note SET text = ''`)),
    lookup: () => lookup.find('a'),
    'conditional update': () => update.apply(['a']),
    repository: () => reader.getRepository(Note).findOneBy({ id: 'a' }),
    'source of data': () => reader.query('SELECT 1'),
  };
}

it('counts PostgreSQL as unavailable when its Unix socket is missing, or its address refuses or is unknown', async () => {
  const hosts = ['/missing/sockets', '127.0.0.1', 'postgres.invalid'];
  const errors = await Promise.all(
    hosts.map((host) => new pg.Client({ host, port: 1 }).connect().catch(toAvailabilityError)),
  );
  for (const error of errors) expect(error).toBeInstanceOf(DatabaseUnavailableException);
});

import { type Database, openDatabase } from '@gatehouse/persistence';
import { eachDatabase, type TestDatabase } from '@gatehouse/persistence/testing';
import { authConfig } from '../../src/auth.config.js';
import { authDatabase } from '../../src/database.js';
import { LIST_SIZE, toListId, toSlot } from '../../src/tokens/status-lists/status-list.js';
import {
  BLOCK_SIZE,
  REVOKED_INDEXES,
  StatusListRepository,
} from '../../src/tokens/status-lists/status-list.repository.js';
import { StatusListService } from '../../src/tokens/status-lists/status-list.service.js';
import { TestClock } from '../support/test-auth.js';

const DAY = 86_400;

/** What a process has: connections of its own, and blocks of its own. */
interface Process {
  readonly database: Database;
  readonly lists: StatusListService;
  readonly store: StatusListRepository;
  readonly clock: TestClock;
}

async function aProcess({ databaseUrl, dataDir }: TestDatabase): Promise<Process> {
  const config = authConfig({
    DATA_DIR: dataDir,
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
  });
  const database = await openDatabase(authDatabase(config));
  const clock = new TestClock();
  const { unitOfWork } = database;
  const store = new StatusListRepository(unitOfWork, clock);
  return { database, store, clock, lists: new StatusListService(store, unitOfWork, clock, config) };
}

const several = (times: number, { lists }: Process): Promise<(number | null)[]> =>
  Promise.all(Array.from({ length: times }, () => lists.allocate()));

eachDatabase('places in status lists', (fresh, name) => {
  let at: TestDatabase;
  let one: Process;
  beforeEach(async () => {
    at = await fresh();
    one = await aProcess(at);
  });
  afterEach(() => one.database.close());

  const execute = (sql: string, ...values: unknown[]) =>
    one.database.unitOfWork.execute(sql, values);
  const aClient = (id: string, statusIndex: number, disabledAt: number | null = null) =>
    execute(
      `INSERT INTO client (id, auth_method, secret_hashes, grant_types, scope, created_at, status_index, disabled_at)
       VALUES ($1, 'none', '', '', '', 0, $2, $3)`,
      id,
      statusIndex,
      disabledAt,
    );

  it('are given once, to however many ask in however many processes (draft-ietf-oauth-status-list §13.3)', async () => {
    // SQLite serves one process.
    const processes = [one];
    while (name === 'PostgreSQL' && processes.length < 4) processes.push(await aProcess(at));
    const given = await Promise.all(
      processes.map((process) => several(10_000 / processes.length, process)),
    );
    expect(new Set(given.flat()).size).toBe(10_000);
    expect(new Set(given.flat().map((index) => toListId(index ?? 0)))).toEqual(new Set([1]));
    for (const { database } of processes.slice(1)) await database.close();
  });

  it('that a process had left when it died are given to nobody', async () => {
    const before = await several(10, one);
    const successor = await aProcess(at);
    const after = await several(BLOCK_SIZE, successor);
    await successor.database.close();
    expect(new Set([...before, ...after]).size).toBe(10 + BLOCK_SIZE);
    const [row] = await one.database.unitOfWork.query<{ next: number }>(
      'SELECT next FROM status_list',
    );
    expect(row?.next).toBeGreaterThanOrEqual(2 * BLOCK_SIZE);
  });

  it('go on in the next list when one is full, which every replica knew long before', async () => {
    await one.store.openListIfNeeded();
    await execute('UPDATE status_list SET next = $1', LIST_SIZE - 2 * BLOCK_SIZE);
    const given = await several(3 * BLOCK_SIZE, one);
    expect(new Set(given).size).toBe(3 * BLOCK_SIZE);
    const inFirst = given.filter((index) => toListId(index ?? 0) === 1);
    expect(inFirst).toHaveLength(2 * BLOCK_SIZE);
    expect(given.slice(2 * BLOCK_SIZE).map((index) => toListId(index ?? 0))).toEqual(
      Array.from({ length: BLOCK_SIZE }, () => 2),
    );
    await execute('UPDATE status_list SET next = $1 WHERE id = 2', LIST_SIZE - 1000 * BLOCK_SIZE);
    await several(2 * BLOCK_SIZE, one);
    expect(await one.store.findListIds()).toEqual([3, 2, 1]);
  });

  it('are in one new list, however many open it', async () => {
    const others = await Promise.all([1, 2, 3].map(() => aProcess(at)));
    await Promise.all(
      [one, ...others].flatMap(({ store }) => [store.openListIfNeeded(), store.openListIfNeeded()]),
    );
    expect(await one.store.findListIds()).toEqual([1]);
    for (const { database } of others) await database.close();
  });

  it('are not kept for ever: what a process has not given within a day is dropped', async () => {
    const [early] = await several(1, one);
    one.clock.advance({ seconds: DAY });
    const blocks = () => one.database.unitOfWork.query('SELECT next FROM status_list');
    expect(await blocks()).toEqual([{ next: BLOCK_SIZE }]);
    const [late] = await several(1, one);
    expect(late).not.toBe(early);
    expect(await blocks()).toEqual([{ next: 2 * BLOCK_SIZE }]);
  });

  it('are not given inside of a transaction, which might take the block back', async () => {
    await several(1, one);
    const { unitOfWork } = one.database;
    await expect(unitOfWork.transaction(() => one.lists.allocate())).rejects.toThrow(
      'allot an index before the transaction',
    );
  });

  it('end with their list, when no session of it can live and no client has a place in it (§13.1)', async () => {
    await execute(
      `INSERT INTO status_list (id, next, seed, created_at, filled_at)
       VALUES (1, $1, '', 0, 1000), (2, $1, '', 0, 1000), (3, $1, '', 0, 3000), (4, $1, '', 0, 1000)`,
      LIST_SIZE,
    );
    await aClient('of-the-first', LIST_SIZE + 5, 1000);
    await aClient('of-the-second', 2 * LIST_SIZE + 5);
    expect(await one.store.deleteUnused({ fullSince: 2000 })).toBe(1);
    // The second has a client, the third was full too late, and the newest stays: its number must not come again.
    expect(await one.store.findListIds()).toEqual([4, 3, 2]);
  });

  it('are read from an index of what ended, whatever else is in the table', async () => {
    await aClient('a-client', 1);
    await execute(
      `INSERT INTO account (id, email, password_hash, created_at) VALUES ('a', 'a@b.c', '', 0)`,
    );
    await execute(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)
       INSERT INTO refresh_token_family (id, account_id, client_id, scope, resource, generation, rotated_at,
         created_at, idle_expires_at, absolute_expires_at, status_index, ended_at)
       SELECT CAST(n AS varchar(22)), 'a', 'a-client', '', '', 0, 0, 0, 0, 0, $1 + n,
         CASE WHEN n > 19990 THEN n WHEN n % 100 = 0 THEN 1 END FROM numbers`,
      LIST_SIZE,
    );
    await execute('ANALYZE');
    const ended = await one.store.findRevokedSince(19_000);
    expect(ended.map(toSlot).sort()).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => n + 19_990),
    );
    const plan = await one.database.unitOfWork.query(
      `${name === 'SQLite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN'} ${REVOKED_INDEXES}`,
      [19_000],
    );
    expect(JSON.stringify(plan)).toMatch(/ended_family/);
    expect(JSON.stringify(plan)).not.toMatch(/(Seq Scan on|SCAN) refresh_token_family/);
  });
});

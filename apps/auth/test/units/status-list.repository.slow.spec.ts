import { type Database, openDatabase } from '@gatehouse/persistence';
import { eachDatabase, type TestDatabase } from '@gatehouse/persistence/testing';
import { authConfig } from '../../src/auth.config.js';
import { authDatabase } from '../../src/database.js';
import { SELECT_REVOKED_STATUS_INDEXES } from '../../src/sessions/refresh-token-family.statements.js';
import {
  StatusListService,
  toListId,
  toSlot,
} from '../../src/tokens/status-lists/status-list.service.js';
import {
  BLOCK_SIZE,
  LIST_SIZE,
  StatusListRepository,
} from '../../src/tokens/status-lists/status-list.repository.js';
import { TestClock, toDatabaseSettings } from '../support/test-auth.js';

const DAY = 86_400;

/** One process: it has its own database connections and its own blocks. */
interface Process {
  readonly database: Database;
  readonly lists: StatusListService;
  readonly repository: StatusListRepository;
  readonly clock: TestClock;
}

async function aProcess(testDatabase: TestDatabase): Promise<Process> {
  const config = authConfig(toDatabaseSettings(testDatabase));
  const database = await openDatabase(authDatabase(config));
  const clock = new TestClock();
  const { unitOfWork } = database;
  const repository = new StatusListRepository(unitOfWork, clock);
  const lists = new StatusListService(repository, unitOfWork, clock, config);
  return { database, repository, clock, lists };
}

const allocateMany = (times: number, { lists }: Process): Promise<(number | null)[]> =>
  Promise.all(Array.from({ length: times }, () => lists.allocate()));

eachDatabase('status indexes', (fresh, name) => {
  let at: TestDatabase;
  let one: Process;
  beforeEach(async () => {
    at = await fresh();
    one = await aProcess(at);
  });
  afterEach(() => one.database.close());

  const execute = (sql: string, ...values: unknown[]) =>
    one.database.unitOfWork.execute(sql, values);
  const findLists = async () => (await one.repository.findStatus(0, [])).lists;
  const insertClient = (id: string, statusIndex: number, disabledAt: number | null = null) =>
    execute(
      `INSERT INTO client (id, auth_method, secret_hashes, grant_types, scope, created_at, status_index, disabled_at)
       VALUES ($1, 'none', '', '', '', 0, $2, $3)`,
      id,
      statusIndex,
      disabledAt,
    );

  it('allocates every index once over all processes (draft-ietf-oauth-status-list §13.3)', async () => {
    // SQLite serves one process only.
    const processes = [one];
    while (name === 'PostgreSQL' && processes.length < 4) processes.push(await aProcess(at));
    const allocated = await Promise.all(
      processes.map((process) => allocateMany(10_000 / processes.length, process)),
    );
    expect(new Set(allocated.flat()).size).toBe(10_000);
    expect(new Set(allocated.flat().map((index) => toListId(index ?? 0)))).toEqual(new Set([1]));
    for (const { database } of processes.slice(1)) await database.close();
  });

  it('never allocates an index again that a dead process reserved', async () => {
    const before = await allocateMany(10, one);
    const successor = await aProcess(at);
    const after = await allocateMany(BLOCK_SIZE, successor);
    await successor.database.close();
    expect(new Set([...before, ...after]).size).toBe(10 + BLOCK_SIZE);
    const [row] = await one.database.unitOfWork.query<{ next: number }>(
      'SELECT next FROM status_list',
    );
    expect(row?.next).toBeGreaterThanOrEqual(2 * BLOCK_SIZE);
  });

  it('allocates from the next list when a list is full, and opens that list long before', async () => {
    await one.repository.openListIfNeeded();
    await execute('UPDATE status_list SET next = $1', LIST_SIZE - 2 * BLOCK_SIZE);
    const allocated = await allocateMany(3 * BLOCK_SIZE, one);
    expect(new Set(allocated).size).toBe(3 * BLOCK_SIZE);
    const inFirst = allocated.filter((index) => toListId(index ?? 0) === 1);
    expect(inFirst).toHaveLength(2 * BLOCK_SIZE);
    expect(allocated.slice(2 * BLOCK_SIZE).map((index) => toListId(index ?? 0))).toEqual(
      Array.from({ length: BLOCK_SIZE }, () => 2),
    );
    await execute('UPDATE status_list SET next = $1 WHERE id = 2', LIST_SIZE - 1000 * BLOCK_SIZE);
    await allocateMany(2 * BLOCK_SIZE, one);
    expect(await findLists()).toEqual([3, 2, 1]);
  });

  it('opens one list when several processes open a list at the same time', async () => {
    const others = await Promise.all([1, 2, 3].map(() => aProcess(at)));
    await Promise.all(
      [one, ...others].flatMap(({ repository }) => [
        repository.openListIfNeeded(),
        repository.openListIfNeeded(),
      ]),
    );
    expect(await findLists()).toEqual([1]);
    for (const { database } of others) await database.close();
  });

  it('drops indexes that a process has not allocated within a day', async () => {
    const [early] = await allocateMany(1, one);
    one.clock.advance({ seconds: DAY });
    const blocks = () => one.database.unitOfWork.query('SELECT next FROM status_list');
    expect(await blocks()).toEqual([{ next: BLOCK_SIZE }]);
    const [late] = await allocateMany(1, one);
    expect(late).not.toBe(early);
    expect(await blocks()).toEqual([{ next: 2 * BLOCK_SIZE }]);
  });

  it('refuses to allocate inside a transaction, because a rollback would free the block', async () => {
    await allocateMany(1, one);
    const { unitOfWork } = one.database;
    await expect(unitOfWork.transaction(() => one.lists.allocate())).rejects.toThrow(
      'allocate a status index before the transaction',
    );
  });

  it('deletes a list when all its sessions have ended and no client uses it (§13.1)', async () => {
    await execute(
      `INSERT INTO status_list (id, next, seed, created_at, filled_at)
       VALUES (1, $1, '', 0, 1000), (2, $1, '', 0, 1000), (3, $1, '', 0, 3000), (4, $1, '', 0, 1000)`,
      LIST_SIZE,
    );
    await insertClient('of-the-first', LIST_SIZE + 5, 1000);
    await insertClient('of-the-second', 2 * LIST_SIZE + 5);
    expect(await one.repository.deleteUnused({ fullSince: 2000 })).toBe(1);
    // A client uses the second, the third was full too late, and the newest stays so that its id is not used again.
    expect(await findLists()).toEqual([4, 3, 2]);
  });

  it('reads the indexes of revoked sessions by the index of ended families', async () => {
    await insertClient('a-client', 1);
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
    const status = await one.repository.findStatus(19_000, [SELECT_REVOKED_STATUS_INDEXES]);
    expect(status.revoked.map(toSlot).sort()).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => n + 19_990),
    );
    const plan = await one.database.unitOfWork.query(
      `${name === 'SQLite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN'} ${SELECT_REVOKED_STATUS_INDEXES}`,
      [19_000],
    );
    expect(JSON.stringify(plan)).toMatch(/ended_family/);
    expect(JSON.stringify(plan)).not.toMatch(/(Seq Scan on|SCAN) refresh_token_family/);
  });
});

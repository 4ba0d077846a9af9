import { randomBytes } from 'node:crypto';
import {
  buildIndexedDelete,
  buildKeyRangeStatements,
  CLEANUP_BATCH_SIZE,
  CleanupJob,
  type CleanupTask,
  createIndexedCleanup,
  createKeyRangeCleanup,
  type Database,
} from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import {
  EXPIRED_FAMILY_ROWS,
  REVOKED_FAMILY_ROWS,
} from '../../src/sessions/refresh-token-limits.js';
import { insertRows, openAuthDatabase } from '../support/auth-database.js';
import { TestClock } from '../support/test-auth.js';

const DAY_MS = 86_400_000;
const ACCOUNT = 'acct_test';
const CLIENT = 'client';
const running = new AbortController().signal;

interface Ends {
  /** Milliseconds before now; `null`: the family is active. */
  readonly ended: number | null;
  readonly idle: number;
  readonly absolute: number;
}
const ALIVE: Ends = { ended: null, idle: -DAY_MS, absolute: -DAY_MS };

/** A plain statement of the rule. */
const isDead = ({ ended, idle, absolute }: Ends): boolean =>
  Math.max(ended ?? -Infinity, idle, absolute) > DAY_MS;

eachDatabase('the clean-up job', (fresh, name) => {
  let database: Database;
  let other: Database;
  const clock = new TestClock();
  const now = clock.now();

  beforeAll(async () => {
    Logger.overrideLogger(false);
    const at = await fresh();
    database = await openAuthDatabase(at);
    other = await openAuthDatabase(at);
    await insertRows(database, 'account', [
      { id: `'${ACCOUNT}'`, email: `'a@b.c'`, password_hash: `''`, created_at: 0 },
    ]);
    await insertRows(database, 'client', [
      {
        id: `'${CLIENT}'`,
        auth_method: `''`,
        secret_hashes: `''`,
        grant_types: `''`,
        scope: `''`,
        created_at: 0,
      },
    ]);
  });
  afterAll(async () => {
    await database.close();
    await other.close();
  });
  const deleteFamilies = () => database.unitOfWork.execute('DELETE FROM refresh_token_family');

  const rowOf = (id: string, { ended, idle, absolute }: Ends) => ({
    id: `'${id}'`,
    account_id: `'${ACCOUNT}'`,
    client_id: `'${CLIENT}'`,
    scope: `''`,
    resource: `''`,
    generation: 0,
    rotated_at: 0,
    created_at: 0,
    idle_expires_at: now - idle,
    absolute_expires_at: now - absolute,
    ended_at: ended === null ? 'NULL' : now - ended,
  });
  const insertFamilies = async (families: readonly Ends[]) => {
    const ids = families.map(() => randomBytes(16).toString('base64url'));
    await insertRows(
      database,
      'refresh_token_family',
      families.map((ends, n) => rowOf(ids[n] ?? '', ends)),
    );
    return ids;
  };
  const remainingIds = async () => {
    const rows = await database.unitOfWork.query<{ id: string }>(
      'SELECT id FROM refresh_token_family',
    );
    return rows.map(({ id }) => id).sort();
  };
  const aCleanupJob = (on = database) => {
    const job = new CleanupJob(clock);
    job.add(createIndexedCleanup(on.unitOfWork, REVOKED_FAMILY_ROWS));
    job.add(createKeyRangeCleanup(on.unitOfWork, EXPIRED_FAMILY_ROWS));
    return job;
  };

  describe('a turn', () => {
    beforeEach(deleteFamilies);

    it('deletes exactly the families that ended or expired more than a day ago', async () => {
      const moment = fc.oneof(
        fc.constantFrom(-1, 0, 1, DAY_MS - 1, DAY_MS, DAY_MS + 1, 30 * DAY_MS),
        fc.integer({ min: -90 * DAY_MS, max: 90 * DAY_MS }),
      );
      const family = fc.record({ ended: fc.option(moment), idle: moment, absolute: moment });
      await fc.assert(
        fc.asyncProperty(
          fc.array(family, { maxLength: 40 }),
          fc.boolean(),
          async (families, isTwice) => {
            await deleteFamilies();
            const ids = await insertFamilies(families);
            const alive = ids.filter((_, n) => !isDead(families[n] ?? ALIVE)).sort();
            const jobs = isTwice ? [aCleanupJob(), aCleanupJob(other)] : [aCleanupJob()];
            await Promise.all(jobs.map((job) => job.run(running)));
            // A row that one job skipped because the other had locked it was deleted by the other.
            expect(await remainingIds()).toEqual(alive);
          },
        ),
        { numRuns: name === 'SQLite' ? 60 : 40 },
      );
    });

    if (name === 'PostgreSQL') {
      it('skips a family that another process changes at the same time, without waiting', async () => {
        const [id] = await insertFamilies([{ ...ALIVE, idle: 2 * DAY_MS, ended: 2 * DAY_MS }]);
        await other.unitOfWork.transaction(async () => {
          await other.unitOfWork.execute(
            'UPDATE refresh_token_family SET idle_expires_at = $2, ended_at = NULL WHERE id = $1',
            [id, now],
          );
          await aCleanupJob().run(running);
        });
        await aCleanupJob().run(running);
        expect(await remainingIds()).toEqual([id]);
      });
    }

    it('stops between two steps when the process stops, and continues in the next process', async () => {
      await insertFamilies(
        Array.from({ length: 3 * CLEANUP_BATCH_SIZE }, () => ({ ...ALIVE, ended: 2 * DAY_MS })),
      );
      const stopping = new AbortController();
      const ended = createIndexedCleanup(database.unitOfWork, REVOKED_FAMILY_ROWS);
      const once: CleanupTask = {
        name: 'one step',
        async removeBatch(at) {
          stopping.abort();
          return ended.removeBatch(at);
        },
      };
      const job = new CleanupJob(clock);
      job.add(once);
      await job.run(stopping.signal);
      expect(await remainingIds()).toHaveLength(2 * CLEANUP_BATCH_SIZE);
      await aCleanupJob().run(running);
      expect(await remainingIds()).toEqual([]);
    });

    it('runs every task when one task fails, and reports the failure', async () => {
      await insertFamilies([{ ...ALIVE, ended: 2 * DAY_MS }]);
      const job = new CleanupJob(clock);
      job.add({ name: 'fails', removeBatch: () => Promise.reject(new Error('no such table')) });
      job.add(createIndexedCleanup(database.unitOfWork, REVOKED_FAMILY_ROWS));
      await expect(job.run(running)).rejects.toThrow('no such table');
      expect(await remainingIds()).toEqual([]);
    });
  });

  describe('a table of 100,000 families', () => {
    beforeAll(async () => {
      await deleteFamilies();
      // One family in ten ended long ago, one in ten expired. The keys are random, as in production.
      await database.unitOfWork.execute(
        `INSERT INTO refresh_token_family (id, account_id, client_id, scope, resource, generation, rotated_at,
           created_at, idle_expires_at, absolute_expires_at, ended_at)
         SELECT ${name === 'SQLite' ? `hex(randomblob(11))` : 'substr(md5(CAST(n AS text)), 1, 22)'},
           '${ACCOUNT}', '${CLIENT}', '', '', 0, 0, 0,
           CASE WHEN n % 10 = 1 THEN CAST($1 AS bigint) ELSE CAST($2 AS bigint) END, CAST($2 AS bigint),
           CASE WHEN n % 10 = 2 THEN CAST($1 AS bigint) END
         FROM (${SERIES[name]}) AS series`,
        [now - 2 * DAY_MS, now + DAY_MS],
      );
      await database.unitOfWork.execute('ANALYZE refresh_token_family');
    });

    /** The plan of the database; on PostgreSQL with every kind of plan allowed. */
    const planOf = async (sql: string, values: readonly (number | string)[]) => {
      const text = sql.replaceAll(/\$(\d+)/g, (_, n: string) => {
        const value = values[Number(n) - 1] ?? '';
        return typeof value === 'number' ? String(value) : `'${value}'`;
      });
      const explain = name === 'SQLite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN';
      return JSON.stringify(await database.unitOfWork.query(`${explain} ${text}`));
    };
    const SCAN = /SCAN (?!subquery|stretch|\(subquery)|Seq Scan on refresh_token_family/;

    it('finds rows by index in each statement', async () => {
      const deadline = now - DAY_MS;
      const isPostgres = name === 'PostgreSQL';
      const statements = buildKeyRangeStatements(EXPIRED_FAMILY_ROWS, isPostgres);
      const [stretch] = await database.unitOfWork.query<{ last: string }>(statements.stretch, ['']);
      const plans = [
        await planOf(buildIndexedDelete(REVOKED_FAMILY_ROWS, isPostgres), [deadline]),
        await planOf(statements.stretch, ['']),
        await planOf(statements.deletion, [deadline, '', stretch?.last ?? '']),
      ];
      expect(plans[0]).toContain('ended_family');
      for (const plan of plans) expect(plan).not.toMatch(SCAN);
    });

    it('cleans the whole table in one turn, and keeps all active families', async () => {
      await aCleanupJob().run(running);
      const alive = await database.unitOfWork.query(
        'SELECT count(*) AS n FROM refresh_token_family',
      );
      expect(alive).toEqual([{ n: 80_000 }]);
    });
  });
});

const SERIES = {
  SQLite:
    'WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 100000) SELECT n FROM s',
  PostgreSQL: 'SELECT n FROM generate_series(1, 100000) AS n',
};

import { randomBytes } from 'node:crypto';
import type { Database } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import {
  EXPIRED_FAMILY_ROWS,
  REVOKED_FAMILY_ROWS,
} from '../../src/sessions/refresh-token-family.repository.js';
import {
  buildIndexedDelete,
  buildKeyRangeStatements,
  CLEANUP_BATCH_SIZE,
  type CleanupTask,
  createIndexedCleanup,
  createKeyRangeCleanup,
} from '../../src/platform/scheduler/cleanup-tasks.js';
import { CleanupJob } from '../../src/platform/scheduler/cleanup-job.js';
import { insertRows, openAuthDatabase } from '../support/auth-database.js';
import { TestClock } from '../support/test-auth.js';

const DAY_MS = 86_400_000;
const ACCOUNT = 'acct_test';
const CLIENT = 'client';
const running = new AbortController().signal;

interface Ends {
  /** Milliseconds before now; `null`: it did not end. */
  readonly ended: number | null;
  readonly idle: number;
  readonly absolute: number;
}
const ALIVE: Ends = { ended: null, idle: -DAY_MS, absolute: -DAY_MS };

/** The rule in the plainest words. */
const isDead = ({ ended, idle, absolute }: Ends): boolean =>
  Math.max(ended ?? -Infinity, idle, absolute) > DAY_MS;

eachDatabase('the janitor', (fresh, name) => {
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
  const noFamilies = () => database.unitOfWork.execute('DELETE FROM refresh_token_family');

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
  const someFamilies = async (families: readonly Ends[]) => {
    const ids = families.map(() => randomBytes(16).toString('base64url'));
    await insertRows(
      database,
      'refresh_token_family',
      families.map((ends, n) => rowOf(ids[n] ?? '', ends)),
    );
    return ids;
  };
  const left = async () => {
    const rows = await database.unitOfWork.query<{ id: string }>(
      'SELECT id FROM refresh_token_family',
    );
    return rows.map(({ id }) => id).sort();
  };
  const aJanitor = (on = database) => {
    const janitor = new CleanupJob(clock);
    janitor.add(createIndexedCleanup(on.unitOfWork, REVOKED_FAMILY_ROWS));
    janitor.add(createKeyRangeCleanup(on.unitOfWork, EXPIRED_FAMILY_ROWS));
    return janitor;
  };

  describe('a turn', () => {
    beforeEach(noFamilies);

    it('removes what ended or expired more than a day ago, and nothing that is alive, whatever there is', async () => {
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
            await noFamilies();
            const ids = await someFamilies(families);
            const alive = ids.filter((_, n) => !isDead(families[n] ?? ALIVE)).sort();
            const janitors = isTwice ? [aJanitor(), aJanitor(other)] : [aJanitor()];
            await Promise.all(janitors.map((janitor) => janitor.run(running)));
            // What one of two skipped because the other had it in hand, that one removed.
            expect(await left()).toEqual(alive);
          },
        ),
        { numRuns: name === 'SQLite' ? 60 : 40 },
      );
    });

    if (name === 'PostgreSQL') {
      it('leaves alone, without waiting, a family that another process changes meanwhile', async () => {
        const [id] = await someFamilies([{ ...ALIVE, idle: 2 * DAY_MS, ended: 2 * DAY_MS }]);
        await other.unitOfWork.transaction(async () => {
          await other.unitOfWork.execute(
            'UPDATE refresh_token_family SET idle_expires_at = $2, ended_at = NULL WHERE id = $1',
            [id, now],
          );
          await aJanitor().run(running);
        });
        await aJanitor().run(running);
        expect(await left()).toEqual([id]);
      });
    }

    it('stops between two steps when the process does, and goes on where it was', async () => {
      await someFamilies(
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
      const janitor = new CleanupJob(clock);
      janitor.add(once);
      await janitor.run(stopping.signal);
      expect(await left()).toHaveLength(2 * CLEANUP_BATCH_SIZE);
      await aJanitor().run(running);
      expect(await left()).toEqual([]);
    });

    it('gives every clearance its turn when one fails, and tells of it', async () => {
      await someFamilies([{ ...ALIVE, ended: 2 * DAY_MS }]);
      const janitor = new CleanupJob(clock);
      janitor.add({ name: 'fails', removeBatch: () => Promise.reject(new Error('no such table')) });
      janitor.add(createIndexedCleanup(database.unitOfWork, REVOKED_FAMILY_ROWS));
      await expect(janitor.run(running)).rejects.toThrow('no such table');
      expect(await left()).toEqual([]);
    });
  });

  describe('in a table of 100,000 families', () => {
    beforeAll(async () => {
      await noFamilies();
      // One in ten ended long ago, one in ten expired; keys in no order, as they are in life.
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

    /** What the database says it would do; on PostgreSQL with every kind of plan allowed. */
    const planOf = async (sql: string, values: readonly (number | string)[]) => {
      const text = sql.replaceAll(/\$(\d+)/g, (_, n: string) => {
        const value = values[Number(n) - 1] ?? '';
        return typeof value === 'number' ? String(value) : `'${value}'`;
      });
      const explain = name === 'SQLite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN';
      return JSON.stringify(await database.unitOfWork.query(`${explain} ${text}`));
    };
    const SCAN = /SCAN (?!subquery|stretch|\(subquery)|Seq Scan on refresh_token_family/;

    it('each statement finds its rows by an index', async () => {
      const deadline = now - DAY_MS;
      const isPostgres = name === 'PostgreSQL';
      const walk = buildKeyRangeStatements(EXPIRED_FAMILY_ROWS, isPostgres);
      const [stretch] = await database.unitOfWork.query<{ last: string }>(walk.stretch, ['']);
      const plans = [
        await planOf(buildIndexedDelete(REVOKED_FAMILY_ROWS, isPostgres), [deadline]),
        await planOf(walk.stretch, ['']),
        await planOf(walk.deletion, [deadline, '', stretch?.last ?? '']),
      ];
      expect(plans[0]).toContain('ended_family');
      for (const plan of plans) expect(plan).not.toMatch(SCAN);
    });

    it('a turn goes through all of it, and what is alive is there afterwards', async () => {
      await aJanitor().run(running);
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

import { setTimeout as delay } from 'node:timers/promises';
import type { UnitOfWork } from '@gatehouse/persistence';
import pg from 'pg';

const REFRESH_TOKENS = 'auth.refresh_token_family';
const COUNT_WAITING = `SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND relation = '${REFRESH_TOKENS}'::regclass`;

/** Writes to the refresh token families wait until its release, as during CREATE INDEX. Reads go on. */
export interface TableLock {
  /** Resolves when a write waits for the lock, or when the given write is over without having waited. */
  waitUntilBlocking(writing: Promise<unknown>): Promise<void>;
  release(): Promise<void>;
}

export async function lockOnPostgres(databaseUrl: string): Promise<TableLock> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${REFRESH_TOKENS} IN SHARE ROW EXCLUSIVE MODE`);
  return {
    async waitUntilBlocking(writing) {
      let isOver = false;
      const end = () => (isOver = true);
      writing.then(end, end);
      while (!isOver && (await countWaiting(client)) === 0) await delay(2);
    },
    async release() {
      await client.query('COMMIT');
      await client.end();
    },
  };
}

const countWaiting = async (client: pg.Client): Promise<number> =>
  (await client.query<{ n: number }>(COUNT_WAITING)).rows[0]?.n ?? 0;

/** SQLite's writer runs one job at a time. */
export async function lockOnSqlite(unitOfWork: UnitOfWork): Promise<TableLock> {
  let open!: () => void;
  const gate = new Promise<void>((resolve) => (open = resolve));
  let job!: Promise<void>;
  await new Promise<void>((resolve) => {
    job = unitOfWork.transaction(() => {
      resolve();
      return gate;
    });
  });
  return {
    // A write is in the queue as soon as it was called.
    waitUntilBlocking: () => Promise.resolve(),
    async release() {
      open();
      await job;
    },
  };
}

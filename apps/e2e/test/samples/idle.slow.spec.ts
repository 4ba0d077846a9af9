import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres } from '@gatehouse/persistence/testing';
import { cleanUpAfterTests } from '../support/cleanup.js';
import { startStack } from '../support/stack.js';

/** The pauses of the jobs that look for work have grown by then. */
const SETTLING_MS = 35_000;
/** Ends before the first clean-up, whose pause grows to ten minutes. */
const WINDOW_MS = 23_000;
/** Seven in five seconds: two status lists read every five seconds, the keys every four, and ten jobs. */
const MAX_STATEMENTS = 32;

describe('the three apps without traffic', () => {
  it('send PostgreSQL at most seven statements in five seconds', async () => {
    const server = await startPostgres();
    cleanUpAfterTests(() => server.stop());
    const DATABASE_URL = await server.createDatabase('idle');
    const client = new pg.Client(server.urlOf('postgres'));
    await client.connect();
    // PostgreSQL counts the transactions of its own autovacuum as well.
    await client.query('ALTER SYSTEM SET autovacuum = off');
    await client.query('SELECT pg_reload_conf()');
    await startStack({ DATABASE_URL, SEED_DEMO: 'true' });
    const count = async () => {
      const { rows } = await client.query<{ n: string }>(
        `SELECT xact_commit + xact_rollback AS n FROM pg_stat_database WHERE datname = 'idle'`,
      );
      return Number(rows[0]?.n);
    };
    await sleep(SETTLING_MS);
    const before = await count();
    await sleep(WINDOW_MS);
    const sent = (await count()) - before;
    await client.end();
    // The jobs run.
    expect(sent).toBeGreaterThan(8);
    expect(sent).toBeLessThanOrEqual(MAX_STATEMENTS);
  }, 120_000);
});

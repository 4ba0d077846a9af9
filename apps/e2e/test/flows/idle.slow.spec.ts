import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres } from '@gatehouse/persistence/testing';
import { cleanUpAfterTests } from '../support/cleanup.js';
import { startStack } from '../support/stack.js';

/** The pauses of all jobs have grown by then. */
const SETTLING_MS = 50_000;
const WINDOW_MS = 30_000;
/** 425 before pauses grew, 85 since. Every replica of auth reads the signing keys every two seconds: 15. */
const MAX_STATEMENTS = 110;

describe('the three apps without traffic', () => {
  it(`send at most ${MAX_STATEMENTS} statements in half a minute to PostgreSQL with IDLE_POLL_SECONDS=15`, async () => {
    const server = await startPostgres();
    cleanUpAfterTests(() => server.stop());
    const DATABASE_URL = await server.createDatabase('idle');
    await startStack({ DATABASE_URL, SEED_DEMO: 'true', IDLE_POLL_SECONDS: '15' });
    const client = new pg.Client(server.urlOf('postgres'));
    await client.connect();
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
    expect(sent).toBeGreaterThan(20);
    expect(sent).toBeLessThan(MAX_STATEMENTS);
  }, 150_000);
});

import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres } from '@gatehouse/persistence/testing';
import { cleanUpAfterTests } from '../support/cleanup.js';
import { startStack } from '../support/stack.js';

/** The pauses of all jobs have grown by then. */
const SETTLING_MS = 110_000;
const MINUTE_MS = 60_000;
/** 850 before pauses grew. Every replica of auth reads the signing keys every two seconds: 30. */
const MAX_PER_MINUTE = 160;

describe('the three apps without traffic', () => {
  it(`send at most ${MAX_PER_MINUTE} statements a minute to PostgreSQL with IDLE_POLL_SECONDS=60`, async () => {
    const server = await startPostgres();
    cleanUpAfterTests(() => server.stop());
    const DATABASE_URL = await server.createDatabase('idle');
    await startStack({ DATABASE_URL, SEED_DEMO: 'true', IDLE_POLL_SECONDS: '60' });
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
    await sleep(MINUTE_MS);
    const sent = (await count()) - before;
    await client.end();
    // The jobs run.
    expect(sent).toBeGreaterThan(20);
    expect(sent).toBeLessThan(MAX_PER_MINUTE);
  }, 240_000);
});

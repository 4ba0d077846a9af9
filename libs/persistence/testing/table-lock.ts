import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const COUNT_WAITING =
  'SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND relation = $1::regclass';

/** Writes to a table of PostgreSQL wait until the release, as during CREATE INDEX. Reads go on. */
export class TableLock {
  private constructor(
    private readonly client: pg.Client,
    private readonly table: string,
  ) {}

  static async take(databaseUrl: string, table: string): Promise<TableLock> {
    const client = new pg.Client(databaseUrl);
    await client.connect();
    await client.query(`BEGIN; LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`);
    return new TableLock(client, table);
  }

  /** Resolves when a write waits for the lock, or when the given write is over without having waited. */
  async waitUntilBlocking(writing: Promise<unknown>): Promise<void> {
    let isOver = false;
    const end = () => (isOver = true);
    writing.then(end, end);
    while (!isOver && (await this.countWaiting()) === 0) await delay(2);
  }

  async release(): Promise<void> {
    await this.client.query('COMMIT');
    await this.client.end();
  }

  private async countWaiting(): Promise<number> {
    const { rows } = await this.client.query<{ n: number }>(COUNT_WAITING, [this.table]);
    return rows[0]?.n ?? 0;
  }
}

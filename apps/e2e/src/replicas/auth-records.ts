import { type Database, DatabaseUnavailable, openDatabase } from '@gatehouse/persistence';
import { atEnd } from '../at-end.js';

export interface KeyRow {
  readonly kid: string;
  readonly state: string;
}
export interface EventRow {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly type: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Place in the chain, from 1. */
  readonly seq: number | null;
  readonly previousHash: string | null;
  readonly hash: string | null;
}

/** What auth's database says, read beside its processes. */
export class AuthRecords {
  private constructor(private readonly database: Database) {}

  static async of(databaseUrl: string): Promise<AuthRecords> {
    const settings = { name: 'auth', dataDir: '', entities: [], migrations: [], migrate: false };
    const database = await openDatabase({ ...settings, databaseUrl });
    atEnd(() => database.close());
    return new AuthRecords(database);
  }

  keys(): Promise<readonly KeyRow[]> {
    return this.rows<KeyRow>('SELECT kid, state FROM signing_key');
  }

  async leaseHolder(): Promise<string | undefined> {
    const rows = await this.rows<{ holder: string }>(
      `SELECT holder FROM lease WHERE name = 'upkeep'`,
    );
    return rows[0]?.holder;
  }

  /** In the order of the chain; what is not in it yet comes last. */
  async events(): Promise<readonly EventRow[]> {
    const rows = await this.rows<EventRow & { detail: string }>(
      `SELECT id, at, type, detail, seq, previous_hash AS "previousHash", hash
       FROM security_event ORDER BY seq NULLS LAST, at`,
    );
    return rows.map((row) => ({
      ...row,
      at: Number(row.at),
      seq: row.seq === null ? null : Number(row.seq),
      detail: JSON.parse(row.detail),
    }));
  }

  async countOf(type: string): Promise<number> {
    const rows = await this.rows<{ n: string }>(
      `SELECT count(*) AS n FROM security_event WHERE type = '${type}'`,
    );
    return Number(rows[0]?.n);
  }

  /** While the database is down there is nothing to see. */
  private async rows<Row>(sql: string): Promise<Row[]> {
    try {
      return await this.database.unitOfWork.query<Row>(sql);
    } catch (error) {
      if (error instanceof DatabaseUnavailable) return [];
      throw error;
    }
  }
}

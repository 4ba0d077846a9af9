import { createHash } from 'node:crypto';
import { type Database, DatabaseUnavailableException, openDatabase } from '@gatehouse/persistence';
import { cleanUpAfterTests } from './cleanup.js';

export interface Family {
  readonly id: string;
  readonly generation: number;
  readonly endReason: string | null;
}

/** Auth's database, on SQLite or PostgreSQL. */
type DatabaseLocation = { readonly dataDir: string } | { readonly databaseUrl: string };

export const readFamilies = (place: DatabaseLocation): Promise<Family[]> =>
  readRows(place, 'SELECT id, generation, end_reason AS "endReason" FROM refresh_token_family');

/** How often the refresh tokens of a client's newest session were rotated. */
export async function readRotations(place: DatabaseLocation, clientId: string): Promise<number> {
  const rows = await readRows<{ generation: number }>(
    place,
    `SELECT max(generation) AS generation FROM refresh_token_family WHERE client_id = '${clientId}'`,
  );
  return Number(rows[0]?.generation ?? 0);
}

/** The `sid` of every session with a `family.begun` security event. */
export async function readCreatedSessions(place: DatabaseLocation): Promise<string[]> {
  const rows = await readRows<{ detail: string }>(
    place,
    "SELECT detail FROM security_event WHERE type = 'family.begun'",
  );
  return rows.map(({ detail }) => {
    const { sessionId }: { sessionId: string } = JSON.parse(detail);
    return sessionId;
  });
}

async function readRows<Row>(place: DatabaseLocation, sql: string): Promise<Row[]> {
  const settings = { name: 'auth', dataDir: '', entities: [], migrations: [], migrate: false };
  const database = await openDatabase({ ...settings, ...place });
  try {
    return await database.unitOfWork.query<Row>(sql);
  } finally {
    await database.close();
  }
}

/** The session id (`sid`) of a family, as tokens and events contain it. */
export const toSessionId = (familyId: string): string =>
  createHash('sha256').update(familyId).digest().subarray(0, 16).toString('base64url');

/** The first part of a refresh token is its family id. */
export const parseFamilyId = (refreshToken: string): string => refreshToken.split('.')[0] ?? '';

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

/** Reads auth's database beside its processes. */
export class AuthRecords {
  private constructor(private readonly database: Database) {}

  static async open(databaseUrl: string): Promise<AuthRecords> {
    const settings = { name: 'auth', dataDir: '', entities: [], migrations: [], migrate: false };
    const database = await openDatabase({ ...settings, databaseUrl });
    cleanUpAfterTests(() => database.close());
    return new AuthRecords(database);
  }

  listKeys(): Promise<readonly KeyRow[]> {
    return this.readRows<KeyRow>('SELECT kid, state FROM signing_key');
  }

  async findLeaseHolder(): Promise<string | undefined> {
    const rows = await this.readRows<{ holder: string }>(
      `SELECT holder FROM lease WHERE name = 'upkeep'`,
    );
    return rows[0]?.holder;
  }

  /** In chain order; events without a place in the chain come last. */
  async listEvents(): Promise<readonly EventRow[]> {
    const rows = await this.readRows<EventRow & { detail: string }>(
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

  async countEvents(type: string): Promise<number> {
    const rows = await this.readRows<{ n: string }>(
      `SELECT count(*) AS n FROM security_event WHERE type = '${type}'`,
    );
    return Number(rows[0]?.n);
  }

  /** Returns no rows while the database is down. */
  private async readRows<Row>(sql: string): Promise<Row[]> {
    try {
      return await this.database.unitOfWork.query<Row>(sql);
    } catch (error) {
      if (error instanceof DatabaseUnavailableException) return [];
      throw error;
    }
  }
}

import { createHash } from 'node:crypto';
import { openDatabase } from '@gatehouse/persistence';

export interface Family {
  readonly id: string;
  readonly generation: number;
  readonly endReason: string | null;
}

/** Auth's database, on SQLite or PostgreSQL. */
type DatabaseLocation = { readonly dataDir: string } | { readonly databaseUrl: string };

export const readFamilies = (place: DatabaseLocation): Promise<Family[]> =>
  readRows(place, 'SELECT id, generation, end_reason AS "endReason" FROM refresh_token_family');

/** The `sid` of every session whose beginning the security events tell of. */
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

/** What tokens and events call the session of a family. */
export const toSessionId = (familyId: string): string =>
  createHash('sha256').update(familyId).digest().subarray(0, 16).toString('base64url');

/** The family that a refresh token is of is its first part. */
export const parseFamilyId = (refreshToken: string): string => refreshToken.split('.')[0] ?? '';

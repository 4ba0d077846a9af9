import { openDatabase } from '@gatehouse/persistence';

export interface Family {
  readonly id: string;
  readonly generation: number;
  readonly endReason: string | null;
}

/** The families as auth's database has them, on SQLite or PostgreSQL. */
export async function familiesOf(
  place: { readonly dataDir: string } | { readonly databaseUrl: string },
): Promise<Family[]> {
  const settings = { name: 'auth', dataDir: '', entities: [], migrations: [], migrate: false };
  const database = await openDatabase({ ...settings, ...place });
  try {
    return await database.unitOfWork.query<Family>(
      'SELECT id, generation, end_reason AS "endReason" FROM refresh_token_family',
    );
  } finally {
    await database.close();
  }
}

/** The family that a refresh token is of is its first part. */
export const familyIdOf = (refreshToken: string): string => refreshToken.split('.')[0] ?? '';

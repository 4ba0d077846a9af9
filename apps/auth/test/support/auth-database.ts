import { type Database, openDatabase } from '@gatehouse/persistence';
import type { TestDatabase } from '@gatehouse/persistence/testing';
import { type AuthConfig, authConfig } from '../../src/auth.config.js';
import { authDatabase } from '../../src/database.js';

/** The tables of the authorization server without the server. */
export async function openAuthDatabase(
  at: TestDatabase,
): Promise<Database & { config: AuthConfig }> {
  const config = authConfig({
    DATA_DIR: at.dataDir,
    ...(at.databaseUrl !== undefined && { DATABASE_URL: at.databaseUrl }),
  });
  return { ...(await openDatabase(authDatabase(config))), config };
}

/** Rows of one table, many at a time; each value is SQL. */
export async function insertRows(
  { unitOfWork }: Database,
  table: string,
  rows: readonly Readonly<Record<string, string | number>>[],
): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  for (let from = 0; from < rows.length; from += 1_000) {
    const values = rows
      .slice(from, from + 1_000)
      .map((row) => `(${columns.map((c) => row[c]).join()})`);
    await unitOfWork.transaction(async (manager) => {
      await manager.query(`INSERT INTO ${table} (${columns.join()}) VALUES ${values.join()}`);
    });
  }
}

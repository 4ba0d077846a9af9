import { type Database, openDatabase } from '@gatehouse/persistence';
import type { TestDatabase } from '@gatehouse/persistence/testing';
import { type AuthConfig, authConfig } from '../../src/auth.config.js';
import { authDatabase } from '../../src/database.js';
import { toDatabaseSettings } from './test-auth.js';

/** Opens the migrated database of the authorization server without the server. */
export async function openAuthDatabase(
  testDatabase: TestDatabase,
): Promise<Database & { config: AuthConfig }> {
  const config = authConfig(toDatabaseSettings(testDatabase));
  return { ...(await openDatabase(authDatabase(config))), config };
}

/** Inserts rows into one table, 1,000 per statement. Each value is SQL. */
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

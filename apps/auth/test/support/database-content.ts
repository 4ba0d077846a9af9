import type { DataSource } from 'typeorm';

const TABLES = [
  'account',
  'client',
  'lease',
  'notification',
  'refresh_token_family',
  'security_event',
  'signing_key',
  'status_list',
];

/** Reads all rows, so that a test can compare the database before and after. */
export async function readDatabaseContent(
  database: DataSource,
): Promise<Record<string, readonly string[]>> {
  const content: Record<string, readonly string[]> = {};
  for (const table of TABLES) {
    const rows: object[] = await database.query(`SELECT * FROM ${table}`);
    content[table] = rows.map((row) => JSON.stringify(row)).sort();
  }
  return content;
}

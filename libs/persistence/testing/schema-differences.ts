import { type DatabaseSettings, openDatabase } from '../src/index.js';

const HINT =
  'These statements would make the tables equal to the entities. Change the migration or the entity so that none is left. ' +
  'For a foreign key see "How do I relate two tables?" in docs/database.md.';

/**
 * Compares the tables that the migrations create with the tables that the entities describe.
 *
 * @returns the SQL statements that TypeORM would run to remove the differences, and a hint; empty if there are none
 */
export async function findSchemaDifferences(settings: DatabaseSettings): Promise<string[]> {
  // TypeORM reads the name of the schema when it connects, so the migrations must have created it before.
  await (await openDatabase(settings)).close();
  const database = await openDatabase(settings);
  try {
    const { upQueries } = await database.reader.driver.createSchemaBuilder().log();
    const statements = upQueries.map(({ query }) => query);
    return statements.length === 0 ? [] : [...statements, HINT];
  } finally {
    await database.close();
  }
}

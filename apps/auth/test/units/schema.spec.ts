import { openDatabase } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { authConfig } from '../../src/auth.config.js';
import { authDatabase } from '../../src/database.js';

eachDatabase('the migrations', (fresh, name) => {
  it('make the tables that the entities describe', async () => {
    const { databaseUrl, dataDir } = await fresh();
    const config = authConfig({
      DATA_DIR: dataDir,
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    });
    const settings = authDatabase(config);
    const database = await openDatabase(settings);
    for (const { columns, tableName } of database.reader.entityMetadatas) {
      const described = columns.map(({ databaseName, isNullable }) => [databaseName, isNullable]);
      expect(await columnsOf(tableName)).toEqual(described.sort());
    }
    await database.close();

    async function columnsOf(table: string): Promise<unknown> {
      const sql =
        name === 'SQLite'
          ? `SELECT name, CASE WHEN "notnull" + pk > 0 THEN 'NO' ELSE 'YES' END AS nullable
             FROM pragma_table_info('${table}')`
          : `SELECT column_name AS name, is_nullable AS nullable FROM information_schema.columns
             WHERE table_schema = 'auth' AND table_name = '${table}'`;
      const rows = await database.unitOfWork.query<{ name: string; nullable: string }>(sql);
      return rows.map((row) => [row.name, row.nullable === 'YES']).sort();
    }
  });
});

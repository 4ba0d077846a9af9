import { eachDatabase } from '@gatehouse/persistence/testing';
import { openAuthDatabase } from '../support/auth-database.js';

eachDatabase('the migrations', (fresh, name) => {
  it('create the tables that the entities describe', async () => {
    const database = await openAuthDatabase(await fresh());
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

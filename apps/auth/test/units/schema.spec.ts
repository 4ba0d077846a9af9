import { eachDatabase } from '@gatehouse/persistence/testing';
import { openDatabase } from '@gatehouse/persistence';
import { authConfig } from '../../src/auth.config.js';
import { Client } from '../../src/clients/client.entity.js';
import { authDatabase } from '../../src/database.js';
import { insertRows, openAuthDatabase } from '../support/auth-database.js';
import { toDatabaseSettings } from '../support/test-auth.js';

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

  it('keep the PKCE rule of each client, and let a replica of the previous version require PKCE', async () => {
    const settings = authDatabase(authConfig(toDatabaseSettings(await fresh())));
    const earlier = settings.migrations.filter((each) => each.name.slice(-13) < '1764740000000');
    const before = await openDatabase({ ...settings, migrations: earlier });
    const aRow = (id: string, rule: object) => ({
      ...{ id: `'${id}'`, auth_method: `'client_secret_basic'`, secret_hashes: `''` },
      ...{ grant_types: `'authorization_code'`, scope: `'openid'`, created_at: 1 },
      ...rule,
    });
    const [required, optional] = [{ require_pkce: 1 }, { require_pkce: 0 }];
    await insertRows(before, 'client', [aRow('required', required), aRow('optional', optional)]);
    await before.close();

    const after = await openDatabase(settings);
    const clients = after.unitOfWork.lookup(Client);
    const ruleOf = async (id: string) => (await clients.find(id))?.pkce;
    expect([await ruleOf('required'), await ruleOf('optional')]).toEqual([
      'always',
      'never-required',
    ]);
    // A row that the previous version inserts has no value of its own in the new column.
    await insertRows(after, 'client', [aRow('inserted', required)]);
    expect(await ruleOf('inserted')).toBe('always');
    await after.close();
  });
});

import 'reflect-metadata';
import { openDatabase } from '@gatehouse/persistence';
import { runMain } from '@gatehouse/service-kit';
import { authConfig } from '../auth.config.js';
import { authDatabase } from '../database.js';

/** The step of its own that production takes before a new version starts. Says which migrations are in place. */
await runMain(async () => {
  const database = await openDatabase({ ...authDatabase(authConfig()), migrate: true });
  const rows = await database.unitOfWork.query<{ name: string }>(
    'SELECT name FROM migrations ORDER BY id',
    [],
  );
  await database.close();
  process.stdout.write(`auth: ${rows.map(({ name }) => name).join(', ')}\n`);
});

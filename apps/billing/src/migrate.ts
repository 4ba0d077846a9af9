import 'reflect-metadata';
import { openDatabase } from '@gatehouse/persistence';
import { runMain } from '@gatehouse/service-kit';
import { billingDatabase } from './database.js';
import { billingConfig } from './billing.config.js';

/** Runs the migrations and prints all that are in place. The operator calls it before a new version starts. */
await runMain(async () => {
  const database = await openDatabase({ ...billingDatabase(billingConfig()), migrate: true });
  const rows = await database.unitOfWork.query<{ name: string }>(
    'SELECT name FROM migrations ORDER BY id',
    [],
  );
  await database.close();
  process.stdout.write(`billing: ${rows.map(({ name }) => name).join(', ')}\n`);
});

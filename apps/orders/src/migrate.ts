import 'reflect-metadata';
import { openDatabase } from '@gatehouse/persistence';
import { runMain } from '@gatehouse/service-kit';
import { ordersDatabase } from './database.js';
import { ordersConfig } from './orders.config.js';

/** Runs the migrations and prints all that are in place. The operator calls it before a new version starts. */
await runMain(async () => {
  const database = await openDatabase({ ...ordersDatabase(ordersConfig()), migrate: true });
  const rows = await database.unitOfWork.query<{ name: string }>(
    'SELECT name FROM migrations ORDER BY id',
    [],
  );
  await database.close();
  process.stdout.write(`orders: ${rows.map(({ name }) => name).join(', ')}\n`);
});

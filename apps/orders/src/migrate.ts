import 'reflect-metadata';
import { runMigrations } from '@gatehouse/persistence';
import { runMain } from '@gatehouse/service-kit';
import { ordersDatabase } from './database.js';
import { ordersConfig } from './orders.config.js';

/** Runs the migrations and prints all that are in place. The operator calls it before a new version starts. */
await runMain(async () => {
  const migrations = await runMigrations(ordersDatabase(ordersConfig()));
  process.stdout.write(`orders: ${migrations.join(', ')}\n`);
});

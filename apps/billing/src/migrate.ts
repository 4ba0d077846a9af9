import 'reflect-metadata';
import { runMigrations } from '@gatehouse/persistence';
import { runMain } from '@gatehouse/service-kit';
import { billingDatabase } from './database.js';
import { billingConfig } from './billing.config.js';

/** Runs the migrations and prints all that are in place. The operator calls it before a new version starts. */
await runMain(async () => {
  const migrations = await runMigrations(billingDatabase(billingConfig()));
  process.stdout.write(`billing: ${migrations.join(', ')}\n`);
});

import 'reflect-metadata';
import { runMigrations } from '@gatehouse/persistence';
import { runMain } from '@gatehouse/service-kit';
import { webDatabase } from './database.js';
import { webConfig } from './web.config.js';

/** Runs the migrations and prints all that are in place. The operator calls it before a new version starts. */
await runMain(async () => {
  const migrations = await runMigrations(webDatabase(webConfig()));
  process.stdout.write(`web: ${migrations.join(', ')}\n`);
});

import 'reflect-metadata';
import { runMigrations } from '@gatehouse/persistence';
import { NestFactory } from '@nestjs/core';
import { authConfig } from './auth.config.js';
import { authDatabase } from './database.js';
import { OpsContextModule } from './ops/ops-context.module.js';
import { runOps } from './ops/run-ops.js';

/** The operations CLI: `npm run ops -- --help`. It works beside a running server, and without one. */
process.exitCode = await runOps(
  process.argv.slice(2),
  { input: process.stdin, output: process.stdout, errors: process.stderr },
  {
    openServer: () => {
      const config = authConfig();
      return NestFactory.createApplicationContext(
        OpsContextModule.forRoot(config, authDatabase(config)),
        { logger: false, abortOnError: false },
      );
    },
    runMigrations: async () => runMigrations(authDatabase(authConfig())),
  },
);

import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { authConfig } from './auth.config.js';
import { runOps } from './ops/run-ops.js';
import { OpsContextModule } from './ops/ops-context.module.js';

const { stdin: input, stdout: output, stderr: errors } = process;

/** Operations on the authorization server, while it runs or stands still: `npm run ops -- --help`. */
process.exitCode = await runOps(process.argv.slice(2), { input, output, errors }, () =>
  NestFactory.createApplicationContext(OpsContextModule.forRoot(authConfig()), {
    logger: false,
    abortOnError: false,
  }),
);

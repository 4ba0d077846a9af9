import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import 'reflect-metadata';
import { runMigrations } from '@gatehouse/persistence';
import { TestClock } from '@gatehouse/service-kit/testing';
import { NestFactory } from '@nestjs/core';
import { authConfig } from '../../src/auth.config.js';
import { authDatabase } from '../../src/database.js';
import { runOps } from '../../src/ops/run-ops.js';
import { OpsContextModule } from '../../src/ops/ops-context.module.js';

/** One run of the CLI; see ops-process.ts. */
export interface OpsRequest {
  readonly id: number;
  readonly words: readonly string[];
  readonly typed: string;
  readonly settings: Readonly<Record<string, string>>;
  /** The time of the clock during the run, in epoch milliseconds. */
  readonly now: number;
}

export interface OpsOutput {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

async function run({ words, typed, settings, now }: OpsRequest): Promise<OpsOutput> {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  input.end(typed);
  const printed = Promise.all([text(output), text(errors)]);
  const openServer = () => {
    const config = authConfig(settings);
    return NestFactory.createApplicationContext(
      OpsContextModule.forRoot(config, authDatabase(config), new TestClock(now)),
      { logger: false, abortOnError: false },
    );
  };
  const code = await runOps(
    words,
    { input, output, errors },
    { openServer, runMigrations: async () => runMigrations(authDatabase(authConfig(settings))) },
  );
  output.end();
  errors.end();
  const [standardOutput, standardError] = await printed;
  return { code, output: standardOutput, errors: standardError };
}

process.on('message', (request: OpsRequest) => {
  void run(request).then((result) => process.send?.({ id: request.id, ...result }));
});

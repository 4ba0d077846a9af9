import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import 'reflect-metadata';
import { TestClock } from '@gatehouse/service-kit/testing';
import { NestFactory } from '@nestjs/core';
import { authConfig } from '../../src/auth.config.js';
import { runOps } from '../../src/ops/run-ops.js';
import { OpsContextModule } from '../../src/ops/ops-context.module.js';

/** One run of the CLI that a test asks for; see ops-process.ts. */
export interface OpsRequest {
  readonly id: number;
  readonly words: readonly string[];
  readonly typed: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Epoch milliseconds: where the clock of the run stands still. */
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
  const said = Promise.all([text(output), text(errors)]);
  const code = await runOps(words, { input, output, errors }, () =>
    NestFactory.createApplicationContext(
      OpsContextModule.forRoot(authConfig(settings), new TestClock(now)),
      { logger: false, abortOnError: false },
    ),
  );
  output.end();
  errors.end();
  const [out, err] = await said;
  return { code, output: out, errors: err };
}

process.on('message', (request: OpsRequest) => {
  void run(request).then((said) => process.send?.({ id: request.id, ...said }));
});

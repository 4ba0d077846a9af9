import { Module, type ModuleMetadata, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { AnswerWatch } from '../../testing/index.js';
import { createService, ServiceModule, type ServiceOptions } from '../../src/index.js';

export interface RunningService {
  readonly app: NestFastifyApplication;
  readonly http: ReturnType<typeof supertest>;
  /** All log lines so far, parsed. */
  log(): Record<string, unknown>[];
  /** All log lines so far, as text. */
  logText(): string;
}

const running: { app: NestFastifyApplication; answers: AnswerWatch }[] = [];

/** A service with the given controllers that listens on a free port and logs into memory. */
export async function startService(
  metadata: ModuleMetadata & { controllers?: Type[] },
  options: Partial<ServiceOptions> = {},
): Promise<RunningService> {
  const lines: string[] = [];
  const imports = [ServiceModule.forRoot({ name: 'demo' }), ...(metadata.imports ?? [])];

  @Module({ ...metadata, imports })
  class DemoModule {}

  const logTo = { write: (line: string) => void lines.push(line) };
  const app = await createService(DemoModule, {
    name: 'demo',
    logLevel: 'info',
    logTo,
    ...options,
  });
  running.push({ app, answers: new AnswerWatch(app.getHttpServer()) });
  await app.listen(0, '127.0.0.1');
  return {
    app,
    http: supertest(app.getHttpServer()),
    log: () => lines.map((line): Record<string, unknown> => JSON.parse(line)),
    logText: () => lines.join(''),
  };
}

export async function stopServices(): Promise<void> {
  const stopped = running.splice(0);
  await Promise.all(stopped.map(({ app }) => app.close()));
  for (const { answers } of stopped) answers.assertSound();
}

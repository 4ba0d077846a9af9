import { type DynamicModule, Logger, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { serveMetrics } from '../metrics/metrics-server.js';
import { startTracing } from '../tracing/tracing.js';
import { createService } from './create-service.js';
import type { RunOptions } from './service.options.js';
import { Shutdown } from './shutdown.js';
import { start } from './start.js';
import { stopOnSignals } from './stop-on-signals.js';

/** Creates the service, listens, and stops on SIGTERM or SIGINT. When it cannot start, says why in a sentence and exits with 1. */
export async function runService(module: Type | DynamicModule, options: RunOptions): Promise<void> {
  await start(async () => {
    const stopTracing = tracingOf(options);
    const app = await createService(module, options);
    app.get(Shutdown).afterwards(stopTracing);
    stopOnSignals(app, options.shutdownDeadlineMs ?? 10_000);
    await listen(app, options);
    if (options.metrics) await serveMetrics(app, options.metrics);
    new Logger(options.name).log(`${options.name} is ready at ${await app.getUrl()}`);
  });
}

async function listen(app: NestFastifyApplication, { host, port }: RunOptions): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Before anything else: what the service asks for while it starts is traced as well. */
const tracingOf = ({ name, tracing }: RunOptions): (() => Promise<void>) =>
  tracing ? startTracing({ name, ...tracing }) : () => Promise.resolve();

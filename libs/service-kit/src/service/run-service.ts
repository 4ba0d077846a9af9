import { type DynamicModule, Logger, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startTracing, toTracingOptions } from '../tracing/tracing.js';
import { listProxyWarnings } from './client-address.js';
import { createService } from './create-service.js';
import { serveMetrics } from './metrics-server.js';
import type { RunOptions } from './service.options.js';
import { ShutdownService, stopOnSignals } from './shutdown.js';
import { describeStartError, toListenError } from './start-error.js';

/** The common settings that {@link toRunOptions} reads. */
interface RunSettings {
  readonly HOST: string;
  readonly PORT: number;
  readonly MAX_REQUESTS_IN_FLIGHT: number;
  readonly MAX_CONNECTIONS_PER_ADDRESS: number;
  readonly KEEP_ALIVE_TIMEOUT: number;
  readonly METRICS_HOST: string;
  readonly METRICS_PORT?: number | undefined;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}

export function toRunOptions(config: RunSettings) {
  const { METRICS_PORT: port } = config;
  return {
    host: config.HOST,
    port: config.PORT,
    requestsInFlight: config.MAX_REQUESTS_IN_FLIGHT,
    connectionsPerAddress: config.MAX_CONNECTIONS_PER_ADDRESS,
    keepAliveTimeoutMs: config.KEEP_ALIVE_TIMEOUT * 1000,
    metrics: port === undefined ? undefined : { host: config.METRICS_HOST, port },
    tracing: toTracingOptions(config),
  } satisfies Partial<RunOptions>;
}

/**
 * Runs a program's main function. On an error the process exits with 1 and prints a sentence, with `LOG_LEVEL=debug` also the
 * stack.
 */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${describeStartError(error)}\n`);
    process.exit(1);
  }
}

/** Creates the service, listens, and stops on SIGTERM or SIGINT. When it cannot start, it prints the reason and exits with 1. */
export async function runService(module: Type | DynamicModule, options: RunOptions): Promise<void> {
  const { name } = options;
  await runMain(async () => {
    // First, so that requests of the starting service are traced too.
    const stopTracing = options.tracing && startTracing({ name, ...options.tracing });
    const app = await createService(module, options);
    if (stopTracing) app.get(ShutdownService).runAfterShutdown(stopTracing);
    stopOnSignals(app, options.shutdownDeadlineMs ?? 10_000);
    await listen(app, options);
    const logger = new Logger(name);
    if (options.metrics) await serveMetricsOrClose(app, options.metrics);
    const { trustProxy = false, https = false } = options;
    for (const warning of listProxyWarnings(trustProxy, https)) logger.warn(warning);
    logger.log(`${name} is ready at ${await app.getUrl()}`);
  });
}

async function listen(app: NestFastifyApplication, { host, port }: RunOptions): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw toListenError(error, 'PORT');
  }
}

async function serveMetricsOrClose(
  app: NestFastifyApplication,
  address: NonNullable<RunOptions['metrics']>,
): Promise<void> {
  try {
    await serveMetrics(app, address);
  } catch (error) {
    await app.close();
    throw toListenError(error, 'METRICS_PORT');
  }
}

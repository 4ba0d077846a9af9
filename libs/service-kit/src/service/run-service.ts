import { type DynamicModule, Logger, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startTracing } from '../observability/tracing.js';
import { listProxyWarnings } from './client-address.js';
import { createService } from './create-service.js';
import { serveMetrics } from './metrics-server.js';
import type { RunOptions } from './service.options.js';
import { ShutdownService, stopOnSignals } from './shutdown.js';

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

export function toRunOptions(
  config: RunSettings,
): Pick<
  RunOptions,
  | 'host'
  | 'port'
  | 'requestsInFlight'
  | 'connectionsPerAddress'
  | 'keepAliveTimeoutMs'
  | 'metrics'
  | 'tracing'
> {
  const { METRICS_PORT: port, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = config;
  return {
    host: config.HOST,
    port: config.PORT,
    requestsInFlight: config.MAX_REQUESTS_IN_FLIGHT,
    connectionsPerAddress: config.MAX_CONNECTIONS_PER_ADDRESS,
    keepAliveTimeoutMs: config.KEEP_ALIVE_TIMEOUT * 1000,
    metrics: port === undefined ? undefined : { host: config.METRICS_HOST, port },
    tracing:
      endpoint === undefined ? undefined : { endpoint, ratio: config.OTEL_TRACES_SAMPLER_ARG },
  };
}

/**
 * Runs a program's main function. On an error the process exits with 1. Faults that the operator can correct (settings, a port
 * in use) are printed as a sentence, other errors with their stack.
 */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${describeStartError(error)}\n`);
    process.exit(1);
  }
}

function describeStartError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // By name, because libraries that do not import this one have their own ConfigurationError.
  if (error.name.endsWith('ConfigurationError')) return error.message;
  return describeAddressError(error) ?? error.stack ?? error.message;
}

function describeAddressError(error: Error): string | undefined {
  if (!('code' in error) || !('port' in error)) return undefined;
  if (error.code === 'EADDRINUSE')
    return `Port ${String(error.port)} is in use. Stop the other process or set PORT.`;
  if (error.code === 'EACCES')
    return `Port ${String(error.port)} needs privileges. Set PORT to 1024 or more.`;
  if (error.code === 'EADDRNOTAVAIL') return 'HOST is not an address of this machine. Set HOST.';
  return undefined;
}

/** Creates the service, listens, and stops on SIGTERM or SIGINT. When it cannot start, it prints the reason and exits with 1. */
export async function runService(module: Type | DynamicModule, options: RunOptions): Promise<void> {
  await runMain(async () => {
    const stopTracing = startConfiguredTracing(options);
    const app = await createService(module, options);
    app.get(ShutdownService).runAfterShutdown(stopTracing);
    stopOnSignals(app, options.shutdownDeadlineMs ?? 10_000);
    await listen(app, options);
    const logger = new Logger(options.name);
    if (options.metrics) await serveMetrics(app, options.metrics);
    const { trustProxy = false, https = false } = options;
    for (const warning of listProxyWarnings(trustProxy, https)) logger.warn(warning);
    logger.log(`${options.name} is ready at ${await app.getUrl()}`);
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

/** Runs first, so that requests of the starting service are traced too. */
const startConfiguredTracing = ({ name, tracing }: RunOptions): (() => Promise<void>) =>
  tracing ? startTracing({ name, ...tracing }) : () => Promise.resolve();

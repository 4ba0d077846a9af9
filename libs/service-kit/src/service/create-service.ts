import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger, logRequests, NestLogger } from '../observability/logger.js';
import { measureRequests, Metrics } from '../observability/metrics.js';
import { serveOpenApi } from '../openapi/openapi.js';
import { showPageAtRoot } from '../openapi/swagger-page.js';
import { traceRequests } from '../tracing/request-spans.js';
import { isTracing } from '../tracing/tracing.js';
import { createHttpAdapter, secureAnswers } from './http-adapter.js';
import { createProxyTrust } from '../addresses.js';
import { readForwardedAddresses } from './client-address.js';
import { limitConnections } from './connections.js';
import { allowOrigins, publishMetadata } from './cross-origin.js';
import { answerMethodNotAllowed, shedLoad } from './http-hooks.js';
import { RequestCapacity } from './request-limits.js';
import { acceptBodies } from './request-bodies.js';
import type { ServiceOptions } from './service.options.js';
import { closeConnectionsOnShutdown } from './shutdown.js';

/**
 * Creates a service that does not listen yet. `runService` and tests let it listen.
 *
 * @throws any error of a provider that cannot start
 */
export async function createService(
  module: Type | DynamicModule,
  options: ServiceOptions,
): Promise<NestFastifyApplication> {
  const logger = createLogger(options);
  const app = await NestFactory.create<NestFastifyApplication>(
    module,
    createHttpAdapter(logger, options),
    {
      logger: new NestLogger(logger),
      abortOnError: false,
      bodyParser: false,
    },
  );
  const fastify = app.getHttpAdapter().getInstance();
  const getTraceId = isTracing() ? traceRequests(fastify) : undefined;
  logRequests(fastify, logger, getTraceId);
  if (options.metrics) enableMetrics(app);
  limitSenders(app, options);
  allowOrigins(fastify, options.corsOrigins ?? []);
  await shedLoad(app, options);
  closeConnectionsOnShutdown(app);
  answerMethodNotAllowed(fastify);
  acceptBodies(app, options);
  if (options.openApi) serveOpenApi(app, options.openApi);
  if (options.showDocsAtRoot) showPageAtRoot(fastify);
  await app.init();
  publishMetadata(fastify);
  secureAnswers(fastify, options);
  await fastify.ready();
  return app;
}

function enableMetrics(app: NestFastifyApplication): void {
  const metrics = app.get(Metrics);
  metrics.enable();
  metrics.collectProcessMetrics();
  measureRequests(app.getHttpAdapter().getInstance(), metrics);
  const help = 'Requests that occupy a place of MAX_REQUESTS_IN_FLIGHT.';
  const capacity = app.get(RequestCapacity);
  metrics.gauge({ name: 'http_server_active_requests', help }, () => capacity.taken);
}

function limitSenders(
  app: NestFastifyApplication,
  { trustProxy = false, connectionsPerAddress: max = 0 }: ServiceOptions,
): void {
  const trust = createProxyTrust(trustProxy);
  if (trustProxy !== false) readForwardedAddresses(app.getHttpAdapter().getInstance(), trust);
  limitConnections(app.getHttpServer(), { max, isProxy: (address) => trust(address, 0) });
}

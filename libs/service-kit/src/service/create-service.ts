import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger } from '../logging/logger.js';
import { NestLogger } from '../logging/nest-logger.js';
import { logRequests } from '../logging/request-log.js';
import { Metrics } from '../metrics/metrics.js';
import { measureRequests } from '../metrics/request-metrics.js';
import { serveOpenApi } from '../openapi/openapi.js';
import { traceRequests } from '../tracing/request-spans.js';
import { closeConnectionsOnShutdown } from './connections.js';
import { httpAdapter } from './http-adapter.js';
import { shedLoad } from './load-shedding.js';
import { answerOtherMethods } from './other-methods.js';
import { withoutEmpty } from './parameters.js';
import type { ServiceOptions } from './service.options.js';

/**
 * The service ready to answer, but not listening: tests speak to it as it is, `runService` puts it on a port.
 *
 * @throws what a provider throws when it starts
 */
export async function createService(
  module: Type | DynamicModule,
  options: ServiceOptions,
): Promise<NestFastifyApplication> {
  const logger = createLogger(options);
  const app = await NestFactory.create<NestFastifyApplication>(
    module,
    httpAdapter(logger, options),
    {
      logger: new NestLogger(logger),
      abortOnError: false,
      bodyParser: false,
    },
  );
  const fastify = app.getHttpAdapter().getInstance();
  traceRequests(fastify);
  logRequests(fastify, logger);
  measureRequests(fastify, app.get(Metrics));
  await shedLoad(app, options);
  closeConnectionsOnShutdown(app);
  answerOtherMethods(fastify);
  acceptBodies(app, options);
  if (options.openApi) serveOpenApi(app, options.openApi);
  await app.init();
  await fastify.ready();
  return app;
}

/** Fastify's own JSON parser stays (it refuses `__proto__`), its text parser goes: other bodies are answered with 415. */
function acceptBodies(app: NestFastifyApplication, { acceptForms = false }: ServiceOptions): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeContentTypeParser('text/plain');
  if (!acceptForms) return;
  // A parameter that is sent twice arrives as an array: the endpoint sees it and refuses it (RFC 6749 §3.1).
  app.useBodyParser(FORM);
  fastify.addHook('preValidation', (request, _reply, done) => {
    if (isForm(request.headers['content-type'])) request.body = withoutEmpty(request.body);
    done();
  });
}

const FORM = 'application/x-www-form-urlencoded';
const isForm = (type: string | undefined): boolean => type?.toLowerCase().startsWith(FORM) ?? false;

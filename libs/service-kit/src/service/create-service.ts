import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger, NestLogger } from '../observability/logger.js';
import { measureRequests, Metrics } from '../observability/metrics.js';
import { logRequests } from '../observability/request-log.js';
import { traceRequests } from '../observability/request-spans.js';
import { serveOpenApi } from '../openapi/openapi.js';
import { createHttpAdapter } from './http-adapter.js';
import { shedLoad } from './load-shedding.js';
import { answerMethodNotAllowed } from './method-not-allowed.js';
import type { ServiceOptions } from './service.options.js';
import { closeConnectionsOnShutdown } from './shutdown.js';

/**
 * "Parameters sent without a value MUST be treated as if they were omitted from the request" (RFC 6749 §3.1, §3.2).
 *
 * @param sent a query or a form; a repeated parameter is an array
 */
export function omitEmptyParameters(sent: unknown): unknown {
  if (typeof sent !== 'object' || sent === null) return sent;
  const values = Object.entries(sent).map(
    ([name, value]) => [name, omitEmptyValue(value)] as const,
  );
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function omitEmptyValue(sent: unknown): unknown {
  if (!Array.isArray(sent)) return sent === '' ? undefined : sent;
  const values: unknown[] = sent.filter((value) => value !== '');
  return values.length > 1 ? values : values[0];
}

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
  traceRequests(fastify);
  logRequests(fastify, logger);
  measureRequests(fastify, app.get(Metrics));
  await shedLoad(app, options);
  closeConnectionsOnShutdown(app);
  answerMethodNotAllowed(fastify);
  acceptBodies(app, options);
  if (options.openApi) serveOpenApi(app, options.openApi);
  await app.init();
  await fastify.ready();
  return app;
}

/** Keeps Fastify's JSON parser (it rejects `__proto__`) and removes its text parser: other bodies are answered with 415. */
function acceptBodies(app: NestFastifyApplication, { acceptForms = false }: ServiceOptions): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeContentTypeParser('text/plain');
  if (!acceptForms) return;
  // A repeated parameter becomes an array, which the endpoint rejects (RFC 6749 §3.1).
  app.useBodyParser(FORM);
  fastify.addHook('preValidation', (request, _reply, done) => {
    if (isForm(request.headers['content-type'])) request.body = omitEmptyParameters(request.body);
    done();
  });
}

const FORM = 'application/x-www-form-urlencoded';
const isForm = (type: string | undefined): boolean => type?.toLowerCase().startsWith(FORM) ?? false;

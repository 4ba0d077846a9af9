import { randomUUID } from 'node:crypto';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { problemDetails, problemMediaType } from '../problem-details/problem.js';
import { answerClientError } from './client-error.js';
import { securityHeaders } from './security-headers.js';
import type { ServiceOptions } from './service.options.js';

/** The one place that chooses the HTTP platform. */
export function httpAdapter(logger: Logger, options: ServiceOptions): FastifyAdapter {
  const { bodyLimit = 65_536, trustProxy = false, https = false } = options;
  const headers = securityHeaders(https);
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    // One line for each request (request-log.ts) and no child logger for it: both are dear.
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (parent: FastifyBaseLogger) => parent,
    genReqId: () => randomUUID(),
    bodyLimit,
    trustProxy,
    // Milliseconds: for a whole request to arrive, for a silent connection, for an idle one (above the minute that load
    // balancers keep theirs, or they would send requests into closing connections).
    requestTimeout: 30_000,
    // For an answer to be there, or 503.
    handlerTimeout: 20_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 72_000,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) =>
      answerUnroutable(reply.headers(headers), error.statusCode ?? 400),
    // What reaches an open connection during shutdown is answered, and the connection closed (connections.ts).
    return503OnClosing: false,
  });
  adapter.getInstance().addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
  return adapter;
}

/** The router found the URL malformed or too long: no hook and no filter of ours runs. */
function answerUnroutable(reply: FastifyReply, status: number): void {
  void reply
    .code(status)
    .header('Cache-Control', 'no-store')
    .type(problemMediaType)
    .send(JSON.stringify(problemDetails(status)));
}

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
  const { bodyLimit = 65_536, trustProxy = false, https = false, popups } = options;
  const { answerTimeoutMs = 20_000 } = options;
  const headers = securityHeaders(https);
  // A window that the policy cuts off from its opener cannot tell it that the login is done.
  const { 'cross-origin-opener-policy': _opener, ...popupHeaders } = headers;
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
    handlerTimeout: answerTimeoutMs,
    connectionTimeout: 60_000,
    keepAliveTimeout: 72_000,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) =>
      answerUnroutable(reply.headers(headers), error.statusCode ?? 400),
    // What reaches an open connection during shutdown is answered, and the connection closed (connections.ts).
    return503OnClosing: false,
  });
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    reply.headers(popups?.test(request.url) ? popupHeaders : headers);
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

import { randomUUID } from 'node:crypto';
import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { createProblemDetails, problemMediaType } from '../http/problem.js';
import type { ServiceOptions } from './service.options.js';

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

/** Answers what Node could not read as HTTP: no request exists yet, so the answer is written by hand. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const problem = createProblemDetails(STATUS_BY_CODE[error.code ?? ''] ?? 400);
  const body = JSON.stringify(problem);
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: ${problemMediaType}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
    );
  }
  socket.destroy(error);
}

/**
 * Helmet's headers for an API: nothing in an answer may be run, framed or used as a base. They are the same for every
 * answer, so helmet is asked once; as a middleware it cost a third of an empty request.
 *
 * @param https whether clients come over https, so that Strict-Transport-Security is sent
 */
export function createSecurityHeaders(https: boolean): OutgoingHttpHeaders {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: https,
    xFrameOptions: { action: 'deny' },
    // The browsers and plugins that these were made for are gone.
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  })(request, response, () => undefined);
  return response.getHeaders();
}

/** The one place that chooses the HTTP platform. */
export function createHttpAdapter(logger: Logger, options: ServiceOptions): FastifyAdapter {
  const { bodyLimit = 65_536, trustProxy = false, https = false, popupPaths: popups } = options;
  const { answerTimeoutMs = 20_000 } = options;
  const headers = createSecurityHeaders(https);
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
    .send(JSON.stringify(createProblemDetails(status)));
}

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
import { createProxyTrust } from '../addresses.js';
import { findReadableHeaders } from './cross-origin.js';
import type { ServiceOptions, UnroutablePage } from './service.options.js';

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

/** Answers bytes that Node cannot parse as HTTP. No request object exists yet, so this writes the answer to the socket. */
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
 * Helmet's headers for an API: a browser must not run or frame an answer, nor use it as a base. All answers have the same
 * headers, so helmet runs once; as a middleware it cost a third of an empty request.
 *
 * @param https whether clients use https; then Strict-Transport-Security is sent
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
    // These headers are for browsers and plugins that no longer exist.
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  })(request, response, () => undefined);
  return response.getHeaders();
}

/** Only this file chooses the HTTP platform. */
export function createHttpAdapter(logger: Logger, options: ServiceOptions): FastifyAdapter {
  const { bodyLimit = 65_536, trustProxy = false, https = false, popupPaths: popups } = options;
  const headers = createSecurityHeaders(https);
  // A window that this policy separates from its opener cannot report the end of the login.
  const { 'cross-origin-opener-policy': _opener, ...popupHeaders } = headers;
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    // logger.ts logs one line per request. Fastify's two lines and its child logger per request would be expensive.
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (parent: FastifyBaseLogger) => parent,
    genReqId: () => randomUUID(),
    bodyLimit,
    trustProxy: trustProxy === false ? false : createProxyTrust(trustProxy),
    // Milliseconds until the headers and the whole request must arrive, until a silent connection closes, and until an idle one
    // closes. Node looks for late requests every second. body-watch.ts is stricter with bodies.
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 1_000 },
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 72_000,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      reply.headers({ ...headers, ...findReadableHeaders(request, options.corsOrigins) });
      answerUnroutable(reply, error.statusCode ?? 400, options.unroutablePage?.(request));
    },
    // A request on an open connection during shutdown is answered, and then the connection closes (shutdown.ts).
    return503OnClosing: false,
  });
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    reply.headers(popups?.test(request.url) ? popupHeaders : headers);
    done();
  });
  return adapter;
}

/** Answers a URL that the router rejects as malformed or too long. Hooks and filters do not run then. */
function answerUnroutable(reply: FastifyReply, status: number, page?: UnroutablePage): void {
  void reply.code(status);
  if (page) return void reply.headers(page.headers).send(page.body);
  void reply
    .header('Cache-Control', 'no-store')
    .type(problemMediaType)
    .send(JSON.stringify(createProblemDetails(status)));
}

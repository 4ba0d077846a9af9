import { randomUUID } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
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

type ClientError = Error & { code?: string };

/** Answers bytes that Node cannot parse as HTTP, and headers that come too late. */
export function answerClientError(error: ClientError, socket: Socket): void {
  const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  if (!isLate || socket.bytesRead > 0) return rejectOnSocket(error, socket);
  // The timer of Node runs before the sockets are read. When the process stood still, a request may lie there unread; with its
  // first byte, Node begins to measure anew.
  setImmediate(() => socket.bytesRead > 0 || rejectOnSocket(error, socket));
}

/** No request object exists yet, so this writes the answer to the socket. */
function rejectOnSocket(error: ClientError, socket: Socket): void {
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

type SecurityHeaders = Readonly<Record<'data' | 'page' | 'popup', readonly [string, string][]>>;

/** What a browser evaluates for data, without a document (decision 35). */
const HEADERS_OF_DATA: readonly string[] = [
  'content-security-policy',
  'cross-origin-resource-policy',
  'strict-transport-security',
  'x-content-type-options',
];

/**
 * Helmet's headers: a browser must not run or frame an answer, nor use it as a base. Helmet runs once, because the headers are
 * constant.
 *
 * @param https whether clients use https; then Strict-Transport-Security is sent
 */
export function createSecurityHeaders(https: boolean): SecurityHeaders {
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
  const page = Object.entries(response.getHeaders()).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  return {
    data: page.filter(([name]) => HEADERS_OF_DATA.includes(name)),
    page,
    // A window that this policy separates from its opener cannot report the end of the login.
    popup: page.filter(([name]) => name !== 'cross-origin-opener-policy'),
  };
}

/** JSON and JWTs, with or without a structured syntax suffix (RFC 6839 §3.1, RFC 8417 §7.2). */
const DATA_TYPE = /^application\/(?:[\w.-]+\+)?(?:json|jwt)(?:;|$)/;

/** Every other answer counts as a page, also a redirect, a script and an answer of unknown type. */
function isData(reply: FastifyReply, payload: unknown): boolean {
  const type = reply.getHeader('content-type');
  if (typeof type === 'string') return DATA_TYPE.test(type);
  return (payload === undefined || payload === null) && !reply.hasHeader('location');
}

/**
 * Adds the security headers that an answer does not have. Call it when the modules have added their hooks, because those of auth
 * turn problem details into pages.
 */
export function secureAnswers(
  fastify: FastifyInstance,
  { https = false, popupPaths }: Pick<ServiceOptions, 'https' | 'popupPaths'>,
): void {
  const headers = createSecurityHeaders(https);
  fastify.addHook('onSend', (request, reply, payload, done) => {
    const pageKind = popupPaths?.test(request.url) ? 'popup' : 'page';
    addMissing(reply, headers[isData(reply, payload) ? 'data' : pageKind]);
    done();
  });
}

function addMissing(reply: FastifyReply, headers: readonly [string, string][]): void {
  for (const [name, value] of headers) {
    if (!reply.hasHeader(name)) void reply.header(name, value);
  }
}

/** Only this file chooses the HTTP platform. */
export function createHttpAdapter(logger: Logger, options: ServiceOptions): FastifyAdapter {
  const { bodyLimit = 65_536, trustProxy = false, https = false } = options;
  const headers = createSecurityHeaders(https);
  return new FastifyAdapter({
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
      const page = options.unroutablePage?.(request);
      reply.headers(findReadableHeaders(request, options.corsOrigins));
      addMissing(reply, headers[page ? 'page' : 'data']);
      answerUnroutable(reply, error.statusCode ?? 400, page);
    },
    // A request on an open connection during shutdown is answered, and then the connection closes (shutdown.ts).
    return503OnClosing: false,
  });
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

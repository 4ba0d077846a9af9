import type { Socket } from 'node:net';
import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createProblemDetails, Problem, problemMediaType } from '../http/problem.js';
import type { ServiceOptions } from './service.options.js';

const DEFAULT_MAX_IN_FLIGHT = 1_000;
/** Average delay of the event loop. With a longer one, an early refusal helps a caller more than a late answer. */
const MAX_EVENT_LOOP_DELAY_MS = 3_000;
/** Share of the heap above which new requests are refused. The requests in flight need the other part. */
const MAX_HEAP_SHARE = 0.85;

const createBusyProblem = () =>
  new Problem(503, { detail: 'The service is busy.', headers: { 'Retry-After': '1' } });

/**
 * Refuses requests that the service cannot answer soon with 503 and `Retry-After`, before memory grows. Health checks are always
 * answered, because a busy service must not be restarted.
 */
export async function shedLoad(
  app: NestFastifyApplication,
  { requestsInFlight = DEFAULT_MAX_IN_FLIGHT }: Pick<ServiceOptions, 'requestsInFlight'>,
): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  await fastify.register(underPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    maxHeapUsedBytes: getHeapStatistics().heap_size_limit * MAX_HEAP_SHARE,
    pressureHandler: (request: FastifyRequest) => {
      if (!isHealthCheck(request)) throw createBusyProblem();
    },
  });

  limitRequests(fastify, requestsInFlight);
}

function limitRequests(fastify: FastifyInstance, max: number): void {
  let count = 0;
  /**
   * Requests by connection. After the body was read, neither `onRequestAbort` nor `onResponse` reports a caller that disconnects
   * before the answer. The `close` event of the connection always comes.
   */
  const inFlight = new WeakMap<Socket, Set<FastifyRequest>>();
  const ofConnection = (socket: Socket): Set<FastifyRequest> => {
    const known = inFlight.get(socket);
    if (known) return known;
    const requests = new Set<FastifyRequest>();
    inFlight.set(socket, requests);
    socket.once('close', () => {
      count -= requests.size;
      requests.clear();
    });
    return requests;
  };
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (isHealthCheck(request)) return done();
    if (count >= max) return done(createBusyProblem());
    count += 1;
    ofConnection(request.raw.socket).add(request);
    done();
  });
  fastify.addHook('onResponse', (request, _reply, done) => {
    if (inFlight.get(request.raw.socket)?.delete(request)) count -= 1;
    done();
  });
}

const isHealthCheck = ({ url }: FastifyRequest): boolean => url.startsWith('/health/');

/**
 * Answers 405 with `Allow` when a route exists for other methods only (RFC 9110 §15.5.6). For routes with parameters the answer
 * stays 404. Preflight requests (Fetch §4.8) are left to the CORS handler.
 */
export function answerMethodNotAllowed(fastify: FastifyInstance): void {
  const methods = new Map<string, string[]>();
  fastify.addHook('onRoute', ({ url, method }) => {
    methods.set(url, [...new Set([...(methods.get(url) ?? []), method].flat())]);
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    // A request with a route costs this comparison only.
    if (!request.is404 || request.method === 'OPTIONS') return done();
    const [path = ''] = request.url.split('?');
    const allowed = methods.get(path);
    if (allowed === undefined) return done();
    void reply
      .code(405)
      .headers({ allow: allowed.join(', '), 'cache-control': 'no-store' })
      .type(problemMediaType)
      .send(JSON.stringify(createProblemDetails(405)));
  });
}

/** Keeps Fastify's JSON parser (it rejects `__proto__`) and removes its text parser: other bodies are answered with 415. */
export function acceptBodies(
  app: NestFastifyApplication,
  { acceptForms = false }: ServiceOptions,
): void {
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

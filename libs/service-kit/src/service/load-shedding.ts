import type { Socket } from 'node:net';
import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
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

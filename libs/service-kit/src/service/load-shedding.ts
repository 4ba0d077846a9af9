import type { Socket } from 'node:net';
import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import type { ServiceOptions } from './service.options.js';

const DEFAULT_MAX_IN_FLIGHT = 1_000;
/** On average, in milliseconds: whoever waits that long is not served better by waiting longer. */
const MAX_EVENT_LOOP_DELAY_MS = 3_000;
/** The share of the heap above which nothing more is taken in: what is left is for what is under way. */
const MAX_HEAP_SHARE = 0.85;

const createBusyProblem = () =>
  new Problem(503, { detail: 'The service is busy.', headers: { 'Retry-After': '1' } });

/**
 * Back-pressure: what cannot be answered soon is refused at once, before memory grows, with 503 and `Retry-After`. Health
 * checks are answered all the same: a busy service is not a dead one.
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

function limitRequests(fastify: FastifyInstance, most: number): void {
  let count = 0;
  /**
   * By connection. A caller who hangs up before the answer is not always told of: `onRequestAbort` is silent once the body was
   * read, and so is `onResponse`. The end of the connection is certain.
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
    if (count >= most) return done(createBusyProblem());
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

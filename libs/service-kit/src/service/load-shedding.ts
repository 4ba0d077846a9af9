import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../problem-details/problem.js';
import type { ServiceOptions } from './service.options.js';

const MOST_IN_FLIGHT = 1_000;
/** On average, in milliseconds: whoever waits that long is not served better by waiting longer. */
const EVENT_LOOP_DELAY = 3_000;
/** The share of the heap above which nothing more is taken in: what is left is for what is under way. */
const HEAP_SHARE = 0.85;

const busy = () =>
  new Problem(503, { detail: 'The service is busy.', headers: { 'Retry-After': '1' } });

/**
 * Back-pressure: what cannot be answered soon is refused at once, before memory grows, with 503 and `Retry-After`. Health
 * checks are answered all the same: a busy service is not a dead one.
 */
export async function shedLoad(
  app: NestFastifyApplication,
  { requestsInFlight = MOST_IN_FLIGHT }: Pick<ServiceOptions, 'requestsInFlight'>,
): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  await fastify.register(underPressure, {
    maxEventLoopDelay: EVENT_LOOP_DELAY,
    maxHeapUsedBytes: getHeapStatistics().heap_size_limit * HEAP_SHARE,
    pressureHandler: (request: FastifyRequest) => {
      if (!isHealthCheck(request)) throw busy();
    },
  });

  boundRequests(fastify, requestsInFlight);
}

function boundRequests(fastify: FastifyInstance, most: number): void {
  const inFlight = new WeakSet<FastifyRequest>();
  let count = 0;
  const leave = (request: FastifyRequest) => {
    if (inFlight.delete(request)) count -= 1;
  };
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (isHealthCheck(request)) return done();
    if (count >= most) return done(busy());
    count += 1;
    inFlight.add(request);
    done();
  });
  fastify.addHook('onResponse', (request, _reply, done) => {
    leave(request);
    done();
  });
  fastify.addHook('onRequestAbort', (request, done) => {
    leave(request);
    done();
  });
}

const isHealthCheck = ({ url }: FastifyRequest): boolean => url.startsWith('/health/');

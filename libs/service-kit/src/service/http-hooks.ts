import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createProblemDetails, problemMediaType } from '../http/problem.js';
import {
  createBusyProblem,
  isHealthCheck,
  limitRequests,
  RequestCapacity,
} from './request-limits.js';
import type { ServiceOptions } from './service.options.js';

/** Average delay of the event loop. With a longer one, an early refusal helps a caller more than a late answer. */
const MAX_EVENT_LOOP_DELAY_MS = 3_000;
const SAMPLE_MS = 1_000;
/** Share of the heap above which new requests are refused. The requests in flight need the other part. */
const MAX_HEAP_SHARE = 0.85;

type Limits = Pick<ServiceOptions, 'requestsInFlight' | 'answerTimeoutMs' | 'maxEventLoopDelayMs'>;

/**
 * Refuses requests that the service cannot answer soon with 503 and `Retry-After`, before memory grows. Health checks are always
 * answered, because a busy service must not be restarted.
 */
export async function shedLoad(app: NestFastifyApplication, limits: Limits): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  const freezes = new FreezeDetector();
  fastify.addHook('onClose', (_instance, done) => (freezes.stop(), done()));
  await fastify.register(underPressure, {
    sampleInterval: SAMPLE_MS,
    maxEventLoopDelay: limits.maxEventLoopDelayMs ?? MAX_EVENT_LOOP_DELAY_MS,
    maxHeapUsedBytes: getHeapStatistics().heap_size_limit * MAX_HEAP_SHARE,
    pressureHandler: (request: FastifyRequest, _reply: FastifyReply, type: string) => {
      const isFreeze = type === underPressure.TYPE_EVENT_LOOP_DELAY && freezes.hasJustEnded;
      if (!isFreeze && !isHealthCheck(request)) throw createBusyProblem();
    },
  });

  limitRequests(fastify, app.get(RequestCapacity), limits);
}

const BEAT_MS = 250;
const MIN_FREEZE_MS = 2_000;
/** A busy event loop uses the CPU. A process that was stopped, or a machine that slept, does not. */
const MIN_BUSY_SHARE = 0.2;

/**
 * Tells a freeze of the process from load, because both delay the event loop. The beats are close, because work from before the
 * freeze counts with it. A process that gets too little of the CPU has long waits one after the other, which is load.
 */
class FreezeDetector {
  private endedAt = Number.NEGATIVE_INFINITY;
  private beatAt = performance.now();
  private wasLate = false;
  private cpu = process.cpuUsage();
  private readonly timer = setInterval(() => this.beat(), BEAT_MS).unref();

  /** The measured delay can still contain a freeze. */
  get hasJustEnded(): boolean {
    return performance.now() - this.endedAt < 2 * SAMPLE_MS;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private beat(): void {
    const now = performance.now();
    const elapsedMs = now - this.beatAt;
    const { user, system } = process.cpuUsage(this.cpu);
    const busyShare = (user + system) / 1000 / elapsedMs;
    const isLate = elapsedMs > MIN_FREEZE_MS;
    if (isLate && !this.wasLate && busyShare < MIN_BUSY_SHARE) this.endedAt = now;
    this.wasLate = isLate;
    this.beatAt = now;
    this.cpu = process.cpuUsage();
  }
}

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

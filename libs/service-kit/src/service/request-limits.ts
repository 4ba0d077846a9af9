import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import { BodyWatch } from './body-watch.js';

const DEFAULT_MAX_IN_FLIGHT = 1_000;
const DEFAULT_ANSWER_TIMEOUT_MS = 20_000;
/** A shorter peak is no reason to take the replica out of the load balancer. */
const SATURATED_AFTER_MS = 2_000;

export const createBusyProblem = () =>
  new Problem(503, { detail: 'The service is busy.', headers: { 'Retry-After': '1' } });

const createTimeoutProblem = () =>
  new Problem(503, {
    detail: 'The service did not answer in time.',
    headers: { 'Retry-After': '1' },
  });

export const isHealthCheck = ({ url }: FastifyRequest): boolean => url.startsWith('/health/');

/** The places for requests in flight, and how long one may be taken. The readiness check and `ArrivalHook` read it. */
@Injectable()
export class RequestCapacity {
  max = DEFAULT_MAX_IN_FLIGHT;
  answerTimeoutMs = DEFAULT_ANSWER_TIMEOUT_MS;
  private count = 0;
  private fullSince = Number.POSITIVE_INFINITY;

  /** For monitoring: the places that are taken. */
  get taken(): number {
    return this.count;
  }

  get isFull(): boolean {
    return this.count >= this.max;
  }

  /** Every place was taken for two seconds without a break. */
  get isSaturated(): boolean {
    return performance.now() - this.fullSince >= SATURATED_AFTER_MS;
  }

  take(): void {
    this.count += 1;
    if (this.isFull) this.fullSince = Math.min(this.fullSince, performance.now());
  }

  release(): void {
    this.count -= 1;
    this.fullSince = Number.POSITIVE_INFINITY;
  }
}

/** A request between its headers and its answer. */
interface OpenRequest {
  readonly reply: FastifyReply;
  readonly connection: Socket;
  /** Of the monotonic clock, in milliseconds. */
  deadline: number;
  hasPlace: boolean;
}

// Properties, because the garbage collector needs more time for a WeakMap.
declare module 'fastify' {
  interface FastifyRequest {
    openRequest: OpenRequest | undefined;
  }
}
declare module 'node:net' {
  interface Socket {
    openRequests?: Set<FastifyRequest>;
  }
}

interface LimitOptions {
  readonly requestsInFlight?: number | undefined;
  readonly answerTimeoutMs?: number | undefined;
}

/**
 * Bounds the requests in flight and the time until their answers. A request takes a place when its body has arrived, and frees it
 * when its answer is handed over. So a client that sends or reads slowly holds no place.
 */
export function limitRequests(
  fastify: FastifyInstance,
  capacity: RequestCapacity,
  { requestsInFlight, answerTimeoutMs = DEFAULT_ANSWER_TIMEOUT_MS }: LimitOptions,
): void {
  capacity.max = requestsInFlight ?? DEFAULT_MAX_IN_FLIGHT;
  capacity.answerTimeoutMs = answerTimeoutMs;
  const requests = new OpenRequests(capacity, answerTimeoutMs);
  const bodies = new BodyWatch();
  fastify.addHook('onClose', (_instance, done) => (bodies.stop(), requests.stop(), done()));
  fastify.decorateRequest('openRequest', undefined);
  fastify.addHook('onRequest', (request, reply, done) => {
    const isHealth = isHealthCheck(request);
    // Refuses a large body before it is read.
    if (!isHealth && capacity.isFull) return done(createBusyProblem());
    requests.open(request, reply);
    if (!isHealth) bodies.expect(request, reply);
    done();
  });
  fastify.addHook('preValidation', (request, _reply, done) => {
    bodies.finish(request);
    done(isHealthCheck(request) || requests.start(request) ? undefined : createBusyProblem());
  });
  fastify.addHook('onSend', (request, _reply, _payload, done) => {
    bodies.finish(request);
    requests.close(request);
    done();
  });
}

class OpenRequests {
  /** In the order of their deadlines, because all requests have the same time. So one timer suffices for all. */
  private readonly byDeadline = new Set<OpenRequest>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly capacity: RequestCapacity,
    private readonly answerTimeoutMs: number,
  ) {}

  /** Fastify's `handlerTimeout` is not used: it ends for a request with a body as soon as the body is read (decision 26). */
  open(request: FastifyRequest, reply: FastifyReply): void {
    const connection = request.raw.socket;
    const entry = { reply, connection, deadline: this.newDeadline(), hasPlace: false };
    request.openRequest = entry;
    this.byDeadline.add(entry);
    this.timer ??= this.wait(this.answerTimeoutMs);
    this.requestsOf(connection).add(request);
  }

  /** @returns false when no place is free */
  start(request: FastifyRequest): boolean {
    const { openRequest: entry } = request;
    // The connection is closed, or the request was answered.
    if (!entry || entry.hasPlace) return true;
    if (this.capacity.isFull) return false;
    entry.hasPlace = true;
    this.capacity.take();
    // The time counts from the end of the body. Here only GET has none for sure.
    if (request.method !== 'GET') this.restart(entry);
    return true;
  }

  close(request: FastifyRequest): void {
    const { openRequest: entry } = request;
    if (!entry) return;
    request.openRequest = undefined;
    this.byDeadline.delete(entry);
    if (entry.hasPlace) this.capacity.release();
    entry.connection.openRequests?.delete(request);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private restart(entry: OpenRequest): void {
    this.byDeadline.delete(entry);
    entry.deadline = this.newDeadline();
    this.byDeadline.add(entry);
  }

  private newDeadline(): number {
    return performance.now() + this.answerTimeoutMs;
  }

  /** The timer runs until the earliest deadline of the time when it was set. It is not set again for each request. */
  private wait(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => this.expire(), milliseconds).unref();
  }

  private expire(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const entry of this.byDeadline) {
      if (entry.deadline > now) return void (this.timer = this.wait(entry.deadline - now));
      this.byDeadline.delete(entry);
      if (!entry.reply.sent) void entry.reply.send(createTimeoutProblem());
    }
  }

  /**
   * After the body was read, neither `onRequestAbort` nor `onResponse` reports a caller that disconnects before the answer. The
   * `close` event of the connection always comes.
   */
  private requestsOf(connection: Socket): Set<FastifyRequest> {
    if (connection.openRequests) return connection.openRequests;
    const requests = new Set<FastifyRequest>();
    connection.openRequests = requests;
    connection.once('close', () => {
      for (const request of requests) this.close(request);
    });
    return requests;
  }
}

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
  readonly deadline: NodeJS.Timeout;
  hasPlace: boolean;
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
  fastify.addHook('onClose', (_instance, done) => (bodies.stop(), done()));
  fastify.addHook('onRequest', (request, reply, done) => {
    if (isHealthCheck(request)) return done();
    // Refuses a large body before it is read.
    if (capacity.isFull) return done(createBusyProblem());
    requests.open(request, reply);
    bodies.expect(request, reply);
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
  private readonly open_ = new WeakMap<FastifyRequest, OpenRequest>();
  /**
   * Requests by connection. After the body was read, neither `onRequestAbort` nor `onResponse` reports a caller that disconnects
   * before the answer. The `close` event of the connection always comes.
   */
  private readonly byConnection = new WeakMap<Socket, Set<FastifyRequest>>();

  constructor(
    private readonly capacity: RequestCapacity,
    private readonly answerTimeoutMs: number,
  ) {}

  /** Fastify's `handlerTimeout` is not used: it ends for a request with a body as soon as the body is read. */
  open(request: FastifyRequest, reply: FastifyReply): void {
    const expire = () => void (reply.sent || reply.send(createTimeoutProblem()));
    const deadline = setTimeout(expire, this.answerTimeoutMs).unref();
    this.open_.set(request, { deadline, hasPlace: false });
    this.requestsOf(request.raw.socket).add(request);
  }

  /** @returns false when no place is free */
  start(request: FastifyRequest): boolean {
    const entry = this.open_.get(request);
    // The connection is closed, or the request was answered.
    if (!entry || entry.hasPlace) return true;
    if (this.capacity.isFull) return false;
    entry.hasPlace = true;
    entry.deadline.refresh();
    this.capacity.take();
    return true;
  }

  close(request: FastifyRequest): void {
    const entry = this.open_.get(request);
    if (!entry) return;
    this.open_.delete(request);
    clearTimeout(entry.deadline);
    if (entry.hasPlace) this.capacity.release();
    this.byConnection.get(request.raw.socket)?.delete(request);
  }

  private requestsOf(socket: Socket): Set<FastifyRequest> {
    const known = this.byConnection.get(socket);
    if (known) return known;
    const requests = new Set<FastifyRequest>();
    this.byConnection.set(socket, requests);
    socket.once('close', () => {
      for (const request of requests) this.close(request);
    });
    return requests;
  }
}

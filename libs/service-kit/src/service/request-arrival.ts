import type { Socket } from 'node:net';
import {
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
  ServiceUnavailableException,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Clock } from '../clock.js';
import { RequestCapacity } from './request-limits.js';

/** The server could not decide in time, and changed nothing. The client gets 503 with `Retry-After` (RFC 9110 §15.6.4). */
export class AskAgainException extends ServiceUnavailableException {
  readonly headers = { 'Retry-After': '1' };

  /** @param reason for the log */
  constructor(reason: string) {
    super('The service cannot do this just now. Try again in a moment.', { cause: reason });
  }
}

/** The connection of a client. Node closes it when the client sent its end (`httpAllowHalfOpen`). */
type Connection = Pick<Socket, 'destroyed' | 'readableEnded'>;

interface ArrivalConditions {
  /** Milliseconds that the request may have lain unread, because the process stood still. */
  readonly unreadMs: number;
  /** Milliseconds until the request is refused with 503: `answerTimeoutMs` of the service. */
  readonly deadlineMs: number;
}

/**
 * When a request arrived, for decisions that must not depend on a wait inside the server. The whole request, with its body, has
 * arrived: a client cannot choose an earlier instant by sending slowly. Waits are measured by the monotonic clock, so a
 * correction of the wall clock does not change them.
 */
export class RequestArrival {
  private readonly readAt: number;
  private readonly wallReadAt: number;

  constructor(
    private readonly clock: Clock,
    private readonly connection: Connection,
    private readonly conditions: ArrivalConditions,
  ) {
    this.readAt = clock.monotonic();
    this.wallReadAt = clock.now();
  }

  /** The instant at which the server read the request, in whole milliseconds since the epoch, because databases compare it. */
  get latest(): number {
    return Math.floor(this.clock.now() - this.waitedMs);
  }

  /**
   * The earliest instant at which the request can have arrived. It differs from `latest` after the process stood still, and after
   * the wall clock was set forward.
   */
  get earliest(): number {
    return Math.min(this.latest, this.wallReadAt) - this.conditions.unreadMs;
  }

  /** The time since the server read the request. */
  get waitedMs(): number {
    return this.clock.monotonic() - this.readAt;
  }

  /**
   * Call it before a step that cannot be taken back, and before a replay is judged.
   * @throws {AskAgainException} when the client left, or the time for the answer is over
   */
  checkStillWanted(): void {
    const { destroyed, readableEnded } = this.connection;
    if (destroyed || readableEnded) throw new AskAgainException('the client left');
    if (this.waitedMs >= this.conditions.deadlineMs) throw new AskAgainException('too late');
  }
}

const BEAT_MS = 500;
/** A missing beat means that the process stood still: it was stopped or frozen, or one task held the event loop. */
const STANDSTILL_MS = 1_000;
/** Requests that came during a standstill are read within this time after it. */
const SETTLING_MS = 1_000;
/** How long rows can have instants of the wall clock before its correction. */
const CORRECTION_MATTERS_MS = 600_000;

/**
 * Notices that the process stood still, or that its wall clock was set forward. A virtual machine that was moved shows the
 * second. Both make a request look younger than it is.
 */
export class StandstillWatch {
  private readonly logger = new Logger('Standstill');
  private readonly timer = setInterval(() => this.beat(), BEAT_MS).unref();
  private beatAt = performance.now();
  private stoodStillSince = Number.NEGATIVE_INFINITY;
  private wokeAt = Number.NEGATIVE_INFINITY;
  private wallOffset: number;
  private correctedBy = 0;
  private correctedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Clock) {
    this.wallOffset = this.measureWallOffset();
  }

  /** How many milliseconds earlier than now a request that is read now can have arrived; 0 in normal operation. */
  measureUnread(): number {
    const now = performance.now();
    this.noticeCorrection(now);
    const corrected = now - this.correctedAt < CORRECTION_MATTERS_MS ? this.correctedBy : 0;
    return Math.max(this.measureStandstill(now), corrected);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private measureStandstill(now: number): number {
    if (now - this.beatAt > STANDSTILL_MS) return now - this.beatAt;
    return now - this.wokeAt < SETTLING_MS ? now - this.stoodStillSince : 0;
  }

  private beat(): void {
    const now = performance.now();
    this.noticeCorrection(now);
    if (now - this.beatAt > STANDSTILL_MS) {
      this.stoodStillSince = this.beatAt;
      this.wokeAt = now;
      const seconds = ((now - this.beatAt) / 1000).toFixed(1);
      this.logger.warn(`The process stood still for ${seconds} s.`);
    }
    this.beatAt = now;
  }

  /** A correction back to the time before cancels the one forward. */
  private noticeCorrection(now: number): void {
    const offset = this.measureWallOffset();
    const change = offset - this.wallOffset;
    if (Math.abs(change) < STANDSTILL_MS) return;
    this.wallOffset = offset;
    this.correctedBy = Math.max(0, this.correctedBy + change);
    if (change > 0) this.correctedAt = now;
  }

  private measureWallOffset(): number {
    return this.clock.now() - this.clock.monotonic();
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** A property, because the garbage collector needs more time for a WeakMap. */
    arrival: RequestArrival | undefined;
  }
}

/**
 * Records when each request with a body arrived. After a standstill the end of a connection may be unread, so such a request
 * waits until the event loop has read its sockets once more. Provide it in an app that uses {@link getArrival}.
 */
@Injectable()
export class ArrivalHook implements OnModuleInit, OnApplicationShutdown {
  private readonly watch: StandstillWatch;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly clock: Clock,
    private readonly capacity: RequestCapacity,
  ) {
    this.watch = new StandstillWatch(clock);
  }

  onModuleInit(): void {
    const server = this.host.httpAdapter?.getInstance<FastifyInstance>();
    server?.decorateRequest('arrival', undefined);
    server?.addHook('preValidation', (request, _reply, done) => {
      if (request.method === 'GET') return done();
      const unreadMs = this.watch.measureUnread();
      const conditions = { unreadMs, deadlineMs: this.capacity.answerTimeoutMs };
      request.arrival = new RequestArrival(this.clock, request.raw.socket, conditions);
      if (unreadMs === 0) done();
      else setImmediate(() => setImmediate(done));
    });
  }

  onApplicationShutdown(): void {
    this.watch.stop();
  }
}

/** Every request has one, except `GET`. */
export function getArrival(request: FastifyRequest): RequestArrival {
  const { arrival } = request;
  if (!arrival) throw new Error('The arrival was not recorded: provide ArrivalHook.');
  return arrival;
}

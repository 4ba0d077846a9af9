import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import { hasContent } from './request-bodies.js';

/** A body that makes no progress for this long does not come. */
const STALL_MS = 5_000;
/** The whole body, at most 64 KiB, also over a slow mobile network. */
const WHOLE_BODY_MS = 15_000;
const CHECK_EVERY_MS = 500;
/** Bounds the memory of unfinished bodies: 64 MiB with the default body limit. */
const MAX_WAITING = 1_000;

interface AwaitedBody {
  readonly reply: FastifyReply;
  since: number;
  bytesRead: number;
  progressAt: number;
}

/**
 * Answers a request whose body does not come with 408 and closes its connection (RFC 9110 §15.5.9). When too many bodies are
 * awaited, the oldest one gives way, because the body of an honest request comes within milliseconds.
 */
export class BodyWatch {
  /** In the order of arrival. */
  private readonly awaited = new Map<FastifyRequest, AwaitedBody>();
  private readonly timer = setInterval(() => this.check(), CHECK_EVERY_MS).unref();
  private checkedAt = performance.now();

  expect(request: FastifyRequest, reply: FastifyReply): void {
    if (!hasContent(request.headers)) return;
    const now = performance.now();
    const { bytesRead } = request.raw.socket;
    this.awaited.set(request, { reply, since: now, bytesRead, progressAt: now });
    if (this.awaited.size > MAX_WAITING) this.giveUpOldest();
  }

  finish(request: FastifyRequest): void {
    this.awaited.delete(request);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private giveUpOldest(): void {
    for (const [request, { reply }] of this.awaited) return this.giveUp(request, reply);
  }

  private check(): void {
    const now = performance.now();
    // While the process stood still, it read no byte, so that time does not count.
    const missed = Math.max(0, now - this.checkedAt - CHECK_EVERY_MS);
    this.checkedAt = now;
    for (const [request, body] of this.awaited) {
      const { bytesRead } = request.raw.socket;
      body.since = Math.min(now, body.since + missed);
      body.progressAt = Math.min(now, body.progressAt + missed);
      if (bytesRead !== body.bytesRead) Object.assign(body, { bytesRead, progressAt: now });
      const isLate = now - body.progressAt > STALL_MS || now - body.since > WHOLE_BODY_MS;
      if (request.raw.destroyed) this.awaited.delete(request);
      else if (isLate) this.giveUp(request, body.reply);
    }
  }

  private giveUp(request: FastifyRequest, reply: FastifyReply): void {
    this.awaited.delete(request);
    // The parser of the body would report the end of the connection as a second answer.
    for (const event of ['data', 'end', 'error']) request.raw.removeAllListeners(event);
    if (reply.sent) return;
    const detail = 'The body of the request did not arrive in time.';
    void reply.header('Connection', 'close').send(new Problem(408, { detail }));
  }
}

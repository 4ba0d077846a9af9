import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { getTraceId } from './request-spans.js';

const MAX_PATH_LENGTH = 256;
/** Identifiers are shorter than this. A refresh token or a JWT that a client puts into a path is longer. */
const LONG_PATH_SEGMENT = /[^/]{65,}/g;

/**
 * Logs one line for each answered request, without query, headers and body. Health probes and polls that found nothing new are
 * logged at level debug.
 */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const path = redactPath(request);
    const isNews = !path.startsWith('/health/') && reply.statusCode !== 304;
    const level = isNews ? 'info' : 'debug';
    if (logger.isLevelEnabled(level))
      logger[level](formatRequestLine(request, reply, path), 'request');
    done();
  });
}

/** The path as the client sent it, percent-encoded, without the query, because queries can hold codes and tokens. */
export function redactPath({ url }: { readonly url: string }): string {
  const end = url.indexOf('?');
  const path = url.slice(0, Math.min(end === -1 ? url.length : end, MAX_PATH_LENGTH));
  return path.replace(LONG_PATH_SEGMENT, '[long]');
}

function formatRequestLine(request: FastifyRequest, reply: FastifyReply, path: string) {
  return {
    reqId: request.id,
    traceId: getTraceId(request),
    method: request.method,
    path,
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
  };
}

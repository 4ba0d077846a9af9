import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { getTraceId } from './request-spans.js';

const MAX_PATH_LENGTH = 256;
/** Identifiers are shorter than this; a refresh token or a JWT that somebody put into a path is longer. */
const LONG_PATH_SEGMENT = /[^/]{65,}/g;

/**
 * One line for each answered request, without its query, headers and body. Health probes, and polls that found nothing new, are
 * of interest only when debugging.
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

/** The path as it was sent, still percent-encoded, without the query: queries carry codes and tokens. */
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

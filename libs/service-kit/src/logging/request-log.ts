import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { traceIdOf } from '../tracing/request-spans.js';

const longestPath = 256;
/** Identifiers are shorter than this; a refresh token or a JWT that somebody put into a path is longer. */
const tooLongForAnIdentifier = /[^/]{65,}/g;

/**
 * One line for each answered request, without its query, headers and body. Health probes, and polls that found nothing new, are
 * of interest only when debugging.
 */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const path = pathOf(request);
    const isNews = !path.startsWith('/health/') && reply.statusCode !== 304;
    const level = isNews ? 'info' : 'debug';
    if (logger.isLevelEnabled(level)) logger[level](requestLine(request, reply, path), 'request');
    done();
  });
}

/** The path as it was sent, still percent-encoded, without the query: queries carry codes and tokens. */
export function pathOf({ url }: { readonly url: string }): string {
  const end = url.indexOf('?');
  const path = url.slice(0, Math.min(end === -1 ? url.length : end, longestPath));
  return path.replace(tooLongForAnIdentifier, '[long]');
}

function requestLine(request: FastifyRequest, reply: FastifyReply, path: string) {
  return {
    reqId: request.id,
    traceId: traceIdOf(request),
    method: request.method,
    path,
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
  };
}

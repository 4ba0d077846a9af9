import type { FastifyInstance } from 'fastify';
import { createProblemDetails, problemMediaType } from '../http/problem.js';

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
    const [path = ''] = request.url.split('?');
    const allowed = request.is404 && request.method !== 'OPTIONS' ? methods.get(path) : undefined;
    if (allowed === undefined) return done();
    void reply
      .code(405)
      .headers({ allow: allowed.join(', '), 'cache-control': 'no-store' })
      .type(problemMediaType)
      .send(JSON.stringify(createProblemDetails(405)));
  });
}

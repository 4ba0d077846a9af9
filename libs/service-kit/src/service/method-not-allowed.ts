import type { FastifyInstance } from 'fastify';
import { createProblemDetails, problemMediaType } from '../http/problem.js';

/**
 * Where there is a route, but for other methods, the answer is 405 and says for which (RFC 9110 §15.5.6). Routes with parameters are
 * not looked for: there it stays 404. Preflights are somebody else's (Fetch §4.8).
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

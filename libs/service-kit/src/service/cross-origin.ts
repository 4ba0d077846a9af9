import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS =
  'Authorization, DPoP, Content-Type, If-Match, If-None-Match, Idempotency-Key';
const EXPOSED_HEADERS =
  'WWW-Authenticate, ETag, Location, Retry-After, DPoP-Nonce, Link, RateLimit, RateLimit-Policy';
/** Names of header fields (RFC 9110 §5.1), separated by commas. */
const FIELD_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;
const MAX_FIELD_NAMES_LENGTH = 2_048;

/**
 * Allows each requested header. A browser sends no cookie to these answers, so a closed list would protect nothing, and a header
 * of a tracing library would break the call.
 */
export function allowRequestedHeaders(requested: string | undefined): string {
  const isUsable =
    requested !== undefined &&
    requested.length <= MAX_FIELD_NAMES_LENGTH &&
    FIELD_NAMES.test(requested);
  return isUsable ? requested : REQUEST_HEADERS;
}

/** Lets scripts of an origin read the answer. */
export const createReadableHeaders = (origin: string): OutgoingHttpHeaders => ({
  'access-control-allow-origin': origin,
  'access-control-expose-headers': EXPOSED_HEADERS,
  'cross-origin-resource-policy': 'cross-origin',
});

/** The headers for the answer to a request that no hook sees. */
export const findReadableHeaders = (
  { headers: { origin } }: FastifyRequest,
  origins: readonly string[] = [],
): OutgoingHttpHeaders =>
  origin !== undefined && origins.includes(origin) ? createReadableHeaders(origin) : {};

/**
 * Lets scripts of other origins call this service (CORS, Fetch §3.2). The answer to a preflight request needs no token. Credentials
 * of the browser are never allowed, because a call carries an access token.
 *
 * @param origins exact origins; with an empty list no hook runs
 */
export function allowOrigins(fastify: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !allowed.has(origin)) return done();
    reply.headers(createReadableHeaders(origin));
    if (isPreflight(request)) answerPreflight(request, reply);
    else done();
  });
}

const WELL_KNOWN = '/.well-known/';

/**
 * The metadata of a service is public, so scripts of all origins may read it (RFC 9728 §3), and may look for documents that it does
 * not have (RFC 8414 §3). Other paths are not touched. Call it when the modules have added their hooks, because those of auth come
 * first.
 */
export function publishMetadata(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!request.url.startsWith(WELL_KNOWN)) return done();
    reply.headers(createReadableHeaders('*'));
    if (isPreflight(request)) answerPreflight(request, reply);
    else done();
  });
}

const isPreflight = ({ method, headers }: FastifyRequest): boolean =>
  method === 'OPTIONS' &&
  headers.origin !== undefined &&
  headers['access-control-request-method'] !== undefined;

function answerPreflight({ headers }: FastifyRequest, reply: FastifyReply): void {
  void reply
    .code(204)
    .headers({
      vary: 'Origin, Access-Control-Request-Headers',
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': allowRequestedHeaders(
        headers['access-control-request-headers'],
      ),
      'access-control-max-age': '600',
    })
    .send();
}

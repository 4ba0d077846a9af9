import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    span: Span | undefined;
  }
}

/**
 * Creates a span for each request, as a child of the caller's span. Its attributes are method, route and status. Query, headers
 * and body are left out because they can hold tokens and codes.
 *
 * @returns the trace id of a request, which its spans and log lines share across services
 */
export function traceRequests(
  fastify: FastifyInstance,
): (request: FastifyRequest) => string | undefined {
  const tracer = trace.getTracer('service-kit');
  fastify.decorateRequest('span', undefined);
  fastify.addHook('onRequest', (request, reply, done) => {
    const parent = readParent(request);
    const span = tracer.startSpan(
      getSpanName(request),
      { kind: SpanKind.SERVER, attributes: getSpanAttributes(request) },
      parent,
    );
    request.span = span;
    // `close` comes after the answer and also when the caller disconnects. No Fastify hook reports a disconnect after the body.
    reply.raw.once('close', () => endRequestSpan(span, reply));
    context.with(trace.setSpan(parent, span), done);
  });
  return (request) => request.span?.spanContext().traceId;
}

const readParent = ({ headers }: FastifyRequest): Context =>
  headers['traceparent'] === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, headers);

const getRoute = ({ routeOptions }: FastifyRequest): string => routeOptions.url ?? 'none';
const getSpanName = (request: FastifyRequest): string => `${request.method} ${getRoute(request)}`;

const getSpanAttributes = (request: FastifyRequest) => ({
  'http.request.method': request.method,
  'http.route': getRoute(request),
});

function endRequestSpan(span: Span, { statusCode, raw }: FastifyReply): void {
  if (raw.writableFinished) {
    span.setAttribute('http.response.status_code', statusCode);
    if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

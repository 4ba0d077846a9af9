import {
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/**
 * Creates a span for each request, as a child of the caller's span. Its attributes are method, route and status. Query, headers
 * and body are left out because they can hold tokens and codes.
 *
 * @returns the trace id of a request, which its spans and log lines share across services
 */
export function traceRequests(
  fastify: FastifyInstance,
): (request: FastifyRequest) => string | undefined {
  const spans = new WeakMap<FastifyRequest, Span>();
  fastify.addHook('onRequest', (request, reply, done) => {
    const parent = propagation.extract(context.active(), request.headers);
    const span = trace
      .getTracer('service-kit')
      .startSpan(
        getSpanName(request),
        { kind: SpanKind.SERVER, attributes: getSpanAttributes(request) },
        parent,
      );
    spans.set(request, span);
    // `close` comes after the answer and also when the caller disconnects. No Fastify hook reports a disconnect after the body.
    reply.raw.once('close', () => endRequestSpan(span, reply));
    context.with(trace.setSpan(parent, span), done);
  });
  return (request) => spans.get(request)?.spanContext().traceId;
}

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

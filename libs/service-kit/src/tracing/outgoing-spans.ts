import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

/** The documented members of a request on undici's diagnostics channel. */
interface OutgoingRequest {
  readonly origin: string | URL;
  readonly method: string;
  addHeader(name: string, value: string): void;
}
interface ChannelMessage {
  readonly request: OutgoingRequest;
  readonly response?: { readonly statusCode: number };
}

const CREATED = 'undici:request:create';
const ANSWERED = 'undici:request:headers';
const FAILED = 'undici:request:error';

/**
 * Creates a span for each request of Node's `fetch` and sends `traceparent` with it (W3C Trace Context §3.2). The attributes
 * are method, host and status, because paths and queries can hold identifiers and secrets of other services.
 *
 * @returns a function that stops this
 */
export function traceOutgoingRequests(): () => void {
  const spans = new WeakMap<OutgoingRequest, Span>();
  const channels: readonly (readonly [string, (message: ChannelMessage) => void])[] = [
    [CREATED, ({ request }) => void spans.set(request, startOutgoingSpan(request))],
    [
      ANSWERED,
      ({ request, response }) => endOutgoingSpan(spans.get(request), response?.statusCode),
    ],
    [FAILED, ({ request }) => endOutgoingSpan(spans.get(request), undefined)],
  ];
  const listeners = channels.map(([channel, handle]) => {
    // Node declares no type for the messages of a channel.
    const listener = (message: unknown) => handle(message as ChannelMessage);
    subscribe(channel, listener);
    return () => void unsubscribe(channel, listener);
  });
  return () => listeners.forEach((stop) => stop());
}

function startOutgoingSpan(request: OutgoingRequest): Span {
  const { host } = new URL(request.origin);
  const span = trace.getTracer('service-kit').startSpan(`${request.method} ${host}`, {
    kind: SpanKind.CLIENT,
    attributes: { 'http.request.method': request.method, 'server.address': host },
  });
  propagation.inject(trace.setSpan(context.active(), span), request, {
    set: (carrier, name, value) => carrier.addHeader(name, value),
  });
  return span;
}

function endOutgoingSpan(span: Span | undefined, status: number | undefined): void {
  if (status !== undefined) span?.setAttribute('http.response.status_code', status);
  if (status === undefined || status >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
  span?.end();
}

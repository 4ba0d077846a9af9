import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { removeTrailingSlash } from '../urls.js';
import { traceOutgoingRequests } from './outgoing-spans.js';

export interface TracingOptions {
  /** The service's name (`service.name`). */
  readonly name: string;
  /** Base URL of an OpenTelemetry collector (OTLP over HTTP); spans go to `/v1/traces` there. */
  readonly endpoint: string;
  /** The share of traces that begin here and are kept, 0 to 1. What a caller decided is followed. */
  readonly ratio: number;
}

/**
 * Spans of requests that come and go, with W3C Trace Context. One for the process: where a service runs alone in it.
 *
 * @returns what ends it: spans that are waiting are sent
 */
export function startTracing(options: TracingOptions): () => Promise<void> {
  const url = `${removeTrailingSlash(options.endpoint)}/v1/traces`;
  return startTracingWith(new BatchSpanProcessor(new OTLPTraceExporter({ url })), options);
}

/** The same with another destination. */
export function startTracingWith(
  processor: SpanProcessor,
  { name, ratio }: Omit<TracingOptions, 'endpoint'>,
): () => Promise<void> {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': name }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [processor],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  const stopPassing = traceOutgoingRequests();
  return async () => {
    stopPassing();
    await provider.shutdown();
    trace.disable();
    context.disable();
    propagation.disable();
  };
}

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

/** The common settings of traces. */
interface TracingSettings {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}

export interface TracingOptions {
  /** The service's name (`service.name`). */
  readonly name: string;
  /** Base URL of an OpenTelemetry collector (OTLP over HTTP); spans go to `/v1/traces` there. */
  readonly endpoint: string;
  /** The share of traces to keep, 0 to 1. It applies to traces that start here; otherwise the caller has decided. */
  readonly ratio: number;
}

/** @returns undefined without a collector, which turns tracing off */
export function toTracingOptions(
  config: TracingSettings,
): Omit<TracingOptions, 'name'> | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: ratio } = config;
  return endpoint === undefined ? undefined : { endpoint, ratio };
}

let isStarted = false;

/** Whether this process traces, so that a service without a collector does no work for it. */
export const isTracing = (): boolean => isStarted;

/**
 * Starts spans for incoming and outgoing requests, with W3C Trace Context. It applies to the whole process, and to services
 * that are created afterwards.
 *
 * @returns a function that sends the pending spans and stops tracing
 */
export function startTracing(options: TracingOptions): () => Promise<void> {
  const url = `${removeTrailingSlash(options.endpoint)}/v1/traces`;
  return startTracingWith(new BatchSpanProcessor(new OTLPTraceExporter({ url })), options);
}

/** As {@link startTracing}, with another destination. */
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
  isStarted = true;
  return async () => {
    isStarted = false;
    stopPassing();
    await provider.shutdown();
    trace.disable();
    context.disable();
    propagation.disable();
  };
}

/** All log lines of one request have its trace id, also in other services. */
export function readTraceId(): object {
  const traceId = trace.getSpanContext(context.active())?.traceId;
  return traceId === undefined ? {} : { traceId };
}

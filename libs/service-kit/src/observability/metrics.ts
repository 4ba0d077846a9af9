import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

interface MetricDescription<Label extends string> {
  /** Lower case with underscores, unit at the end (`_seconds`, `_total`). */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

/**
 * What this service counts, in the terms of Prometheus. One registry for each service: two of them in one process do not
 * add up. A label has few values and never comes from a client as it is: each new one is a series that stays.
 */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();

  counter<Label extends string>(description: MetricDescription<Label>): Counter<Label> {
    return new Counter(this.withRegistry(description));
  }

  /** @returns what counts a refusal by its reason, as `<of>_refusals_total` */
  createRefusalCounter(of: string): (reason: string) => void {
    const help = 'What was refused, by reason.';
    const counter = this.counter({ name: `${of}_refusals_total`, help, labels: ['reason'] });
    return (reason) => counter.inc({ reason });
  }

  /** @param read asked whenever somebody looks; nothing where it is not known */
  gauge(
    description: MetricDescription<never>,
    read: () => number | undefined | Promise<number | undefined>,
  ): void {
    new Gauge({
      ...this.withRegistry(description),
      async collect() {
        this.set((await valueOrUndefined(read)) ?? Number.NaN);
      },
    });
  }

  /** @param buckets upper bounds, in the unit of the name */
  histogram<Label extends string>(
    description: MetricDescription<Label>,
    buckets: readonly number[],
  ): Histogram<Label> {
    return new Histogram({ ...this.withRegistry(description), buckets: [...buckets] });
  }

  /** Of the process: CPU, memory, event loop. Once, where the service is the process. */
  collectProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /** In the text format 0.0.4 of Prometheus. */
  renderText(): Promise<string> {
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  private withRegistry<Label extends string>({
    name,
    help,
    labels = [],
  }: MetricDescription<Label>) {
    return { name, help, labelNames: [...labels], registers: [this.registry] };
  }
}

/** One that cannot be had takes none of the others with it: they are wanted most when the database is away. */
async function valueOrUndefined<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

const DURATION_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** How long requests took, by route as it is declared: paths are as many as strangers like. */
export function measureRequests(fastify: FastifyInstance, metrics: Metrics): void {
  const duration = metrics.histogram(
    {
      name: 'http_server_request_duration_seconds',
      help: 'How long answered requests took, by route and status.',
      labels: ['method', 'route', 'status'],
    },
    DURATION_BUCKETS_SECONDS,
  );
  fastify.addHook('onResponse', (request, reply, done) => {
    const method = KNOWN_METHODS.has(request.method) ? request.method : 'other';
    const route = request.routeOptions.url ?? 'none';
    duration.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    done();
  });
}

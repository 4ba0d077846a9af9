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
 * The Prometheus metrics of a service. Each service has its own registry, so two services in one process do not share counters.
 * A label has few values and is never text from a client, because each new value is a series that stays in memory.
 */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();

  counter<Label extends string>(description: MetricDescription<Label>): Counter<Label> {
    return new Counter(this.withRegistry(description));
  }

  /** @returns a function that counts a refusal by its reason, as `<of>_refusals_total` */
  createRefusalCounter(of: string): (reason: string) => void {
    const help = 'What was refused, by reason.';
    const counter = this.counter({ name: `${of}_refusals_total`, help, labels: ['reason'] });
    return (reason) => counter.inc({ reason });
  }

  /** @param read called at each scrape; undefined when the value is not known */
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

  /** Adds metrics of the process: CPU, memory, event loop. Call it once per process. */
  collectProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /** The metrics in the text format 0.0.4 of Prometheus. */
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

/** A gauge that cannot be read does not hide the others. Operators need those most while the database is unavailable. */
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

/** Duration of requests by declared route. Paths are no label, because a client can send any number of them. */
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

import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

interface MetricDescription<Label extends string> {
  /** Lower case with underscores, unit at the end (`_seconds`, `_total`). */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

type LabelValues<Label extends string> = Readonly<Record<Label, string>>;

interface CounterDescription<Label extends string> extends MetricDescription<Label> {
  /** The label values that are known in advance. They start at 0, because `increase()` does not see the first event of a new series. */
  readonly series?: readonly LabelValues<Label>[];
}

interface Sample<Label extends string> {
  readonly labels: LabelValues<Label>;
  readonly value: number;
}

/** The ages that `TrustedIssuers` of the guards reports. */
interface FetchedTrust {
  readonly keySetAgeSeconds: number | undefined;
  readonly statusListAgeSeconds: number | undefined;
}

/**
 * The Prometheus metrics of a service. Each service has its own registry, so two services in one process do not share counters.
 * A label has few values and is never text from a client, because each new value is a series that stays in memory.
 * Nothing is counted until {@link enable}.
 */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();
  private isEnabled = false;
  /** For the documentation. */
  readonly descriptions: Required<MetricDescription<string>>[] = [];

  /** Starts to count. A service without a port for metrics does not call it. */
  enable(): void {
    this.isEnabled = true;
  }

  counter<Label extends string>({ series = [], ...description }: CounterDescription<Label>) {
    const counter = new Counter(this.withRegistry(description));
    for (const labels of series) counter.inc(labels, 0);
    return {
      inc: (labels: LabelValues<Label>): void => {
        if (this.isEnabled) counter.inc(labels);
      },
    };
  }

  /** @returns a function that counts a refusal by its reason, as `<of>_refusals_total` */
  createRefusalCounter(of: string): (reason: string) => void {
    const help = 'Refused access tokens and calls, by reason.';
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

  /** @param read called at each scrape. A series that it does not return is not exposed */
  labelledGauge<Label extends string>(
    description: MetricDescription<Label>,
    read: () => readonly Sample<Label>[],
  ): void {
    new Gauge({
      ...this.withRegistry(description),
      async collect() {
        this.reset();
        for (const { labels, value } of (await valueOrUndefined(read)) ?? [])
          this.set(labels, value);
      },
    });
  }

  /** The ages of what a resource server has fetched from its issuers. */
  watchTrust(issuers: FetchedTrust): void {
    const keySet = 'Age of the oldest key set that tokens are verified with.';
    this.gauge({ name: 'key_set_age_seconds', help: keySet }, () => issuers.keySetAgeSeconds);
    const list = 'Age of the oldest status list that tokens are checked with.';
    this.gauge({ name: 'status_list_age_seconds', help: list }, () => issuers.statusListAgeSeconds);
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
    this.descriptions.push({ name, help, labels });
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

import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

interface Description<Label extends string> {
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

  counter<Label extends string>(description: Description<Label>): Counter<Label> {
    return new Counter(this.described(description));
  }

  /** @returns what counts a refusal by its reason, as `<of>_refusals_total` */
  refusals(of: string): (reason: string) => void {
    const help = 'What was refused, by reason.';
    const counter = this.counter({ name: `${of}_refusals_total`, help, labels: ['reason'] });
    return (reason) => counter.inc({ reason });
  }

  /** @param read asked whenever somebody looks; nothing where it is not known */
  gauge(
    description: Description<never>,
    read: () => number | undefined | Promise<number | undefined>,
  ): void {
    new Gauge({
      ...this.described(description),
      async collect() {
        this.set((await orUnknown(read)) ?? Number.NaN);
      },
    });
  }

  /** @param buckets upper bounds, in the unit of the name */
  histogram<Label extends string>(
    description: Description<Label>,
    buckets: readonly number[],
  ): Histogram<Label> {
    return new Histogram({ ...this.described(description), buckets: [...buckets] });
  }

  /** Of the process: CPU, memory, event loop. Once, where the service is the process. */
  ofProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /** In the text format 0.0.4 of Prometheus. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  private described<Label extends string>({ name, help, labels = [] }: Description<Label>) {
    return { name, help, labelNames: [...labels], registers: [this.registry] };
  }
}

/** One that cannot be had takes none of the others with it: they are wanted most when the database is away. */
async function orUnknown<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

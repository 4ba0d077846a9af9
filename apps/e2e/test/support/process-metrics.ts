import { setTimeout as sleep } from 'node:timers/promises';
import { send } from './http.js';

export interface Gauges {
  readonly heapBytes: number;
  /** Active resources: connections, timers, files. */
  readonly resources: number;
}

const PAUSE_MS = 100;

/** @param metrics base URL of the metrics server of an app */
export async function readGauges(metrics: string): Promise<Gauges> {
  const { text } = await send(`${metrics}/metrics`);
  return {
    heapBytes: parseGauge('nodejs_heap_size_used_bytes', text),
    resources: parseGauge('nodejs_active_resources_total', text),
  };
}

/** Takes several samples, because a single one can include garbage. */
export async function sampleGauges(metrics: string, looks: number): Promise<readonly Gauges[]> {
  const seen: Gauges[] = [];
  while (seen.length < looks) {
    seen.push(await readGauges(metrics));
    await sleep(PAUSE_MS);
  }
  return seen;
}

function parseGauge(name: string, text: string): number {
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`/metrics has no ${name}`);
  return Number(value);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { send } from './http.js';

export interface Gauges {
  readonly heapBytes: number;
  /** What keeps the process busy: connections, timers, files. */
  readonly resources: number;
}

const PAUSE_MS = 100;

/** @param metrics where `/metrics` of an app is */
export async function gaugesAt(metrics: string): Promise<Gauges> {
  const { text } = await send(`${metrics}/metrics`);
  return {
    heapBytes: valueOf('nodejs_heap_size_used_bytes', text),
    resources: valueOf('nodejs_active_resources_total', text),
  };
}

/** Several looks, so that one of them meets little garbage. */
export async function gaugesOver(metrics: string, looks: number): Promise<readonly Gauges[]> {
  const seen: Gauges[] = [];
  while (seen.length < looks) {
    seen.push(await gaugesAt(metrics));
    await sleep(PAUSE_MS);
  }
  return seen;
}

function valueOf(name: string, text: string): number {
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`/metrics has no ${name}`);
  return Number(value);
}

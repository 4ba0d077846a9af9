import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../terminal/failure.mjs';

const DEADLINE_MS = 60_000;
const PAUSE_MS = 100;

/**
 * Resolves when every app answers GET /health/ready with 200, and says so of each.
 *
 * @throws {Failure} that names the app which did not within a minute
 */
export async function untilReady(services, { stream, signal }) {
  const began = performance.now();
  const patience = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  // One after the other: resource servers would log that they wait for the keys as often as they are asked.
  for (const service of services) {
    await readinessOf(service, patience);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    stream.write(`${service.name} is ready (${seconds} s)\n`);
  }
}

async function readinessOf({ name, port }, patience) {
  const url = `http://localhost:${port}/health/ready`;
  for (let last = 'no answer'; ; last = await answerOf(url)) {
    if (last === 'ready') return;
    if (patience.aborted) throw new Failure(`${name} did not become ready: ${url} gave ${last}.`);
    // Not what keeps the runner alive: when an app dies, nobody waits any more.
    await sleep(PAUSE_MS, undefined, { ref: false });
  }
}

async function answerOf(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    const body = await response.text();
    return response.ok ? 'ready' : `${response.status} ${body}`;
  } catch {
    return 'no answer';
  }
}

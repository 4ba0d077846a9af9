import { setTimeout as sleep } from 'node:timers/promises';
import { ended } from '../machine/processes.mjs';

/** @typedef {import('../machine/processes.mjs').Child} Child */

export const GAUGES = {
  heap: 'nodejs_heap_size_used_bytes',
  resident: 'process_resident_memory_bytes',
  resources: 'nodejs_active_resources_total',
};

/**
 * Looks at all apps again and again until it is stopped.
 *
 * @param {any[]} apps
 * @param {number} everyMs
 */
export function watch(apps, everyMs) {
  const end = new AbortController();
  const samples = Object.fromEntries(apps.map(({ name }) => [name, []]));
  const start = performance.now();
  const looking = (async () => {
    while (!end.signal.aborted) {
      const at = (performance.now() - start) / 1000;
      for (const app of apps) samples[app.name].push({ at, ...(await gaugesOf(app)) });
      await sleep(everyMs, undefined, { signal: end.signal }).catch(() => undefined);
    }
    return samples;
  })();
  // `stop` returns the rejection.
  looking.catch(() => undefined);
  return {
    stop: () => {
      end.abort();
      return looking;
    },
  };
}

/**
 * The minimum that idle apps hold. Some timers come and go, so it looks several times.
 *
 * @param {any[]} apps
 * @param {{ looks?: number, enough?: Record<string, number> }} [options] it ends earlier when each app has no more than `enough`
 */
export async function lowest(apps, { looks = 50, enough } = {}) {
  const seen = Object.fromEntries(apps.map(({ name }) => [name, Infinity]));
  for (let look = 0; look < looks; look += 1) {
    for (const app of apps) {
      seen[app.name] = Math.min(seen[app.name], (await gaugesOf(app)).resources);
    }
    if (enough && apps.every(({ name }) => seen[name] <= enough[name])) break;
    await sleep(100);
  }
  return seen;
}

/** @param {{ child: Child, metricsPort: any }} options */
async function gaugesOf({ child, metricsPort }) {
  if (child.exitCode !== null || child.signalCode !== null) throw ended(child);
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  return Object.fromEntries(
    Object.entries(GAUGES).map(([field, name]) => [field, valueOf(name, text)]),
  );
}

/** @param {string} name @param {string} text */
function valueOf(name, text) {
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`/metrics has no ${name}`);
  return Number(value);
}

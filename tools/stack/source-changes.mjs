import { existsSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../workspace.mjs';

/** An editor writes a file in several steps, and a branch switch writes many. */
const QUIET_MS = 150;

/**
 * The names of the projects whose sources changed, gathered until it is quiet. What changes while the caller is busy comes
 * with the next turn.
 *
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Set<string>>}
 */
export async function* sourceChanges(signal) {
  let changed = new Set();
  let wake = () => {};
  const watchers = sourceFolders().map(({ project, folder }) =>
    watch(folder, { recursive: true }, () => {
      changed.add(project);
      wake();
    }),
  );
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    while (!signal.aborted) {
      if (changed.size === 0) await new Promise((resolve) => (wake = resolve));
      await untilQuiet(() => changed.size, signal);
      const projects = changed;
      changed = new Set();
      if (projects.size > 0 && !signal.aborted) yield projects;
    }
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}

async function untilQuiet(count, signal) {
  let before = -1;
  while (before !== count() && !signal.aborted) {
    before = count();
    await sleep(QUIET_MS);
  }
}

function sourceFolders() {
  return ['apps', 'libs']
    .flatMap((kind) => readdirSync(join(ROOT, kind)).map((project) => ({ kind, project })))
    .map(({ kind, project }) => ({ project, folder: join(ROOT, kind, project, 'src') }))
    .filter(({ folder }) => existsSync(folder));
}

import { existsSync, watch } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { APPS, build, projectFolders, ROOT } from '../workspace.mjs';
import { rejectIfOneExits, untilReady } from './service-process.mjs';

/** @typedef {import('./service-process.mjs').ServiceProcess} ServiceProcess */
/** @typedef {{ stream: NodeJS.WriteStream, signal: AbortSignal }} WatchOptions */

/** An editor writes a file in several steps, and a branch switch writes many files. */
const QUIET_MS = 150;

/**
 * Builds and restarts the apps whose sources changed. A change of a library restarts all apps.
 *
 * @param {ServiceProcess[]} services
 * @param {WatchOptions} options
 */
export async function restartOnChange(services, { stream, signal }) {
  stream.write('Watching apps/*/src and libs/*/src.\n');
  reportExits(services, stream);
  for await (const projects of sourceChanges(signal)) {
    const names = appsToRestart(projects);
    const changed = services.filter(({ name }) => names.includes(name));
    stream.write(
      `${[...projects].join(', ')} changed: building, restarting ${names.join(', ')}.\n`,
    );
    try {
      await build(names, signal);
      await restart(changed, { stream, signal });
    } catch (error) {
      // The user may correct the source: print the error and wait for the next change.
      if (!signal.aborted) stream.write(`${/** @type {Error} */ (error).message}\n`);
    }
  }
}

/** @param {Set<string>} projects */
function appsToRestart(projects) {
  const changed = APPS.filter((app) => projects.has(app));
  return changed.length === projects.size ? changed : APPS;
}

/** @param {ServiceProcess[]} services @param {WatchOptions} options */
async function restart(services, { stream, signal }) {
  await Promise.all(services.map((service) => service.stop()));
  // After Ctrl-C nothing may start, because nothing would stop it.
  if (signal.aborted) return;
  services.forEach((service) => service.start());
  await rejectIfOneExits(services, untilReady(services, { stream, signal }));
  reportExits(services, stream);
}

/** @param {ServiceProcess[]} services @param {NodeJS.WriteStream} stream */
function reportExits(services, stream) {
  for (const service of services) {
    void service.untilUnexpectedExit().then(({ how }) => {
      stream.write(`${service.name} exited unexpectedly (${how}). Its next change starts it.\n`);
    });
  }
}

/**
 * Yields the names of the projects whose sources changed, when there were no changes for a moment. Changes that happen while
 * the caller is busy come with the next value.
 *
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Set<string>>}
 */
async function* sourceChanges(signal) {
  /** @type {Set<string>} */
  let changed = new Set();
  let wake = () => {};
  const watchers = watchedFolders().map(({ project, folder }) =>
    watch(folder, { recursive: true }, () => {
      changed.add(project);
      wake();
    }),
  );
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    while (!signal.aborted) {
      if (changed.size === 0) {
        await new Promise((resolve) => (wake = () => resolve(undefined)));
      }
      await untilQuiet(() => changed.size, signal);
      const projects = changed;
      changed = new Set();
      if (projects.size > 0 && !signal.aborted) yield projects;
    }
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}

/** @param {() => number} count @param {AbortSignal} signal */
async function untilQuiet(count, signal) {
  let before = -1;
  while (before !== count() && !signal.aborted) {
    before = count();
    await sleep(QUIET_MS);
  }
}

function watchedFolders() {
  return projectFolders()
    .map((project) => ({ project: basename(project), folder: join(ROOT, project, 'src') }))
    .filter(({ folder }) => existsSync(folder));
}

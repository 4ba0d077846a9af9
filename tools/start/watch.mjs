import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { secondsSince } from '../terminal/output.mjs';
import { run } from '../terminal/processes.mjs';
import { projectFolders, ROOT } from '../workspace.mjs';
import { rejectIfOneExits, untilReady } from './service-process.mjs';
import { bundleOf, SourceBundles } from './source-bundles.mjs';

/** @typedef {import('./service-process.mjs').ServiceProcess} ServiceProcess */
/** @typedef {{ stream: NodeJS.WriteStream, signal: AbortSignal }} WatchOptions */

/** Pages for browsers. A build makes them, and the app reads the built files when it starts. */
const CLIENT = /^(apps\/[^/]+)\/client\//;

/** An editor writes a file in several steps, and a branch switch writes many files. */
const QUIET_MS = 100;

/**
 * Restarts the apps that execute a changed source, until the signal.
 *
 * @param {ServiceProcess[]} services running apps
 * @param {WatchOptions} options
 */
export async function restartOnChange(services, options) {
  const bundles = await SourceBundles.create([...new Set(services.map(({ app }) => app))]);
  try {
    await new Restarts(services, bundles, options).run();
  } finally {
    await bundles.dispose();
  }
}

class Restarts {
  /** @type {Set<string>} apps that run an old version, or do not run */
  #outdated = new Set();

  /**
   * @param {ServiceProcess[]} services
   * @param {SourceBundles} bundles
   * @param {WatchOptions} options
   */
  constructor(services, bundles, { stream, signal }) {
    this.services = services;
    this.bundles = bundles;
    this.stream = stream;
    this.signal = signal;
  }

  async run() {
    const changes = sourceChanges(this.signal);
    await this.bundles.update();
    for (const service of this.services) service.entry = bundleOf(service.app);
    this.#reportExits(this.services);
    this.stream.write('Watching the sources of apps and libs.\n');
    for await (const paths of changes) {
      try {
        await this.#apply(paths);
      } catch (error) {
        // The user may correct the source: print the error and wait for the next change.
        if (!this.signal.aborted) this.stream.write(`${/** @type {Error} */ (error).message}\n`);
      }
    }
  }

  /** @param {string[]} paths */
  async #apply(paths) {
    const start = performance.now();
    const what = paths.length === 1 ? paths[0] : `${paths.length} files`;
    for (const app of await this.bundles.update()) this.#outdated.add(app);
    await buildClients(paths);
    for (const app of this.#readersOf(paths)) this.#outdated.add(app);
    const services = this.services.filter(({ app }) => this.#outdated.has(app));
    const names = services.map(({ name }) => name).join(', ');
    if (services.length === 0) {
      this.stream.write(`${what} changed: no app executes it, none restarts.\n`);
      return;
    }
    this.stream.write(`${what} changed: restarting ${names}.\n`);
    await this.#restart(services);
    this.stream.write(`Restarted ${names} in ${secondsSince(start)} s.\n`);
  }

  /**
   * Apps read stylesheets, word lists and the built client when they start.
   *
   * @param {string[]} paths
   */
  #readersOf(paths) {
    const others = paths.filter((path) => !path.endsWith('.ts') || isOfClient(path));
    const ofLibraries = others.some((path) => path.startsWith('libs/'));
    return this.services
      .map(({ app }) => app)
      .filter((app) => ofLibraries || others.some((path) => path.startsWith(`apps/${app}/`)));
  }

  /** @param {ServiceProcess[]} services */
  async #restart(services) {
    await Promise.all(services.map((service) => service.stop()));
    // After Ctrl-C nothing may start, because nothing would stop it.
    if (this.signal.aborted) return;
    services.forEach((service) => service.start());
    const { stream, signal } = this;
    await rejectIfOneExits(services, untilReady(services, { stream, signal }));
    for (const { app } of services) this.#outdated.delete(app);
    this.#reportExits(services);
  }

  /** @param {ServiceProcess[]} services */
  #reportExits(services) {
    for (const service of services) {
      void service.untilUnexpectedExit().then(({ how }) => {
        this.#outdated.add(service.app);
        this.stream.write(
          `${service.name} exited unexpectedly (${how}). The next change starts it.\n`,
        );
      });
    }
  }
}

/** @param {string} path */
const isOfClient = (path) => CLIENT.test(path);

/**
 * @param {string[]} paths of changed sources
 * @throws {import('../terminal/command.mjs').Failure} for a source that does not compile, with its place
 */
async function buildClients(paths) {
  for (const app of new Set(paths.flatMap((path) => CLIENT.exec(path)?.[1] ?? [])))
    await run('vite build', ['npx', 'vite', 'build', 'client'], { cwd: join(ROOT, app) });
}

/**
 * Yields the paths of changed sources, when there were no changes for a moment. Changes that happen while the caller is busy come
 * with the next value.
 *
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<string[]>}
 */
function sourceChanges(signal) {
  /** @type {Set<string>} */
  const changed = new Set();
  let wake = () => {};
  const watchers = watchedFolders().map((folder) =>
    watch(join(ROOT, folder), { recursive: true }, (_event, file) => {
      changed.add(`${folder}/${String(file).replaceAll('\\', '/')}`);
      wake();
      // A folder that was deleted has no more changes.
    }).on('error', () => undefined),
  );
  signal.addEventListener('abort', () => wake(), { once: true });
  return (async function* () {
    try {
      while (!signal.aborted) {
        if (changed.size === 0) await new Promise((resolve) => (wake = () => resolve(undefined)));
        await untilQuiet(() => changed.size, signal);
        const paths = [...changed];
        changed.clear();
        if (paths.length > 0 && !signal.aborted) yield paths;
      }
    } finally {
      for (const watcher of watchers) watcher.close();
    }
  })();
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
    .flatMap((project) => [`${project}/src`, `${project}/client`])
    .filter((folder) => existsSync(join(ROOT, folder)));
}

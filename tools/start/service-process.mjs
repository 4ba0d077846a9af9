import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../terminal/command.mjs';
import { secondsSince } from '../terminal/output.mjs';
import { appOf, ROOT } from '../workspace.mjs';
import { readableLine } from './log-output.mjs';

const PARENT_WATCH = new URL('./parent-watch.mjs', import.meta.url).href;
const KEPT_LINES = 15;
/** The apps give running requests ten seconds. This limit is for an app that hangs. */
const KILL_AFTER_MS = 15_000;
const READY_TIMEOUT_MS = 60_000;
const READY_INTERVAL_MS = 50;

/**
 * @typedef {{ child: import('node:child_process').ChildProcessWithoutNullStreams, exited: Promise<string>,
 *   isStopping: boolean, lastLines: string[], restarted?: Promise<boolean> }} Run one start of an app; `restarted` is whether
 *   a pause ended with a new start
 */

/** A service: a built app as a process. It can be started several times. */
export class ServiceProcess {
  /** @type {Run | undefined} */
  #run;

  /**
   * @param {{ name: string, env: import('../workspace.mjs').Environment,
   *   show: (line: string, service: { name: string }) => void }} options
   */
  constructor({ name, env, show }) {
    this.name = name;
    this.app = appOf(name);
    this.entry = `apps/${this.app}/dist/main.js`;
    this.env = env;
    this.show = show;
  }

  get port() {
    return Number(this.env.PORT);
  }

  get isStarted() {
    return this.#run !== undefined;
  }

  get isRunning() {
    return this.#run !== undefined && !this.#run.isStopping;
  }

  get lastLines() {
    return this.#run?.lastLines ?? [];
  }

  start() {
    const child = spawnApp(this.entry, this.env);
    /** @type {Run} */
    const run = { child, exited: exitOf(child), isStopping: false, lastLines: [] };
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        run.lastLines = [...run.lastLines, line].slice(-KEPT_LINES);
        this.show(line, this);
      });
    }
    this.#run = run;
  }

  /**
   * Resolves with how the process exited (`exit code 1`, `SIGKILL`), also after a pause. Never resolves when `stop` was called.
   *
   * @returns {Promise<{ service: ServiceProcess, how: string }>}
   */
  async untilUnexpectedExit() {
    const run = /** @type {Run} */ (this.#run);
    const how = await run.exited;
    if (!run.isStopping) return { service: this, how };
    return (await run.restarted) ? this.untilUnexpectedExit() : new Promise(() => {});
  }

  /**
   * Stops the app and starts it again later, unless the signal comes or another caller starts it before.
   *
   * @param {number} milliseconds
   * @param {AbortSignal} signal
   * @returns {Promise<void>} when it has stopped
   */
  async pause(milliseconds, signal) {
    const run = /** @type {Run} */ (this.#run);
    const stopped = this.stop();
    run.restarted = stopped.then(async () => {
      await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || this.#run !== run) return false;
      this.start();
      return true;
    });
    await stopped;
  }

  async stop() {
    const run = this.#run;
    if (!run) return;
    run.isStopping = true;
    run.child.kill('SIGTERM');
    const timer = setTimeout(() => run.child.kill('SIGKILL'), KILL_AFTER_MS);
    await run.exited;
    clearTimeout(timer);
  }

  kill() {
    this.#run?.child.kill('SIGKILL');
  }
}

/**
 * In a process group of its own: Ctrl-C reaches this process alone, which then stops each app once.
 *
 * @param {string} entry
 * @param {import('../workspace.mjs').Environment} env
 */
function spawnApp(entry, env) {
  return spawn(process.execPath, ['--enable-source-maps', '--import', PARENT_WATCH, entry], {
    cwd: ROOT,
    env,
    stdio: 'pipe',
    detached: true,
    windowsHide: true,
  });
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<string>} */
function exitOf(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

/**
 * Waits for `work`, unless one of the services exits first.
 *
 * @param {ServiceProcess[]} services
 * @param {Promise<unknown>} work
 * @throws {Failure} with the last lines of the service that exited
 */
export async function rejectIfOneExits(services, work) {
  const exit = Promise.race(services.map((service) => service.untilUnexpectedExit()));
  const exited = await Promise.race([work.then(() => undefined), exit]);
  if (exited) throw new Failure(exitReport(exited));
}

/** @param {{ service: ServiceProcess, how: string }} exit */
function exitReport({ service, how }) {
  const head = `${service.name} exited unexpectedly (${how}).`;
  if (service.lastLines.length === 0) return `${head} It printed nothing.`;
  const lines = service.lastLines.map((line) => readableLine(line, (_style, text) => text));
  return [`${head} Its last lines:`, ...lines].join('\n  ');
}

/**
 * Resolves when every app answers GET /health/ready with 200, and prints a line for each.
 *
 * @param {ServiceProcess[]} services
 * @param {{ stream: NodeJS.WriteStream, signal: AbortSignal }} options
 * @throws {Failure} with the app that was not ready within a minute
 */
export async function untilReady(services, { stream, signal }) {
  const start = performance.now();
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(READY_TIMEOUT_MS)]);
  // One after the other, because a resource server without keys logs each readiness request.
  for (const service of services) {
    await isReady(service, deadline);
    stream.write(`${service.name} is ready (${secondsSince(start)} s)\n`);
  }
}

/** @param {ServiceProcess} service @param {AbortSignal} deadline */
async function isReady({ name, port }, deadline) {
  const url = `http://localhost:${port}/health/ready`;
  for (;;) {
    const answer = await readinessOf(url);
    if (answer === 'ready') return;
    if (deadline.aborted) throw new Failure(`${name} did not become ready: ${url} gave ${answer}.`);
    // The timer must not keep this process alive after an app has exited.
    await sleep(READY_INTERVAL_MS, undefined, { ref: false });
  }
}

/** @param {string} url */
async function readinessOf(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    const body = await response.text();
    return response.ok ? 'ready' : `${response.status} ${body}`;
  } catch {
    return 'no answer';
  }
}

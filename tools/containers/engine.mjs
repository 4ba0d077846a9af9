import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../terminal/command.mjs';
import { run } from '../terminal/processes.mjs';
import { ROOT } from '../workspace.mjs';

const INTERVAL_MS = 200;

/** Docker or Podman. Both understand the commands that are used here. */
export class Engine {
  /** @param {'docker' | 'podman'} name */
  constructor(name) {
    this.name = name;
  }

  /** @returns {Engine | undefined} the engine of this machine that answers */
  static find() {
    const names = /** @type {const} */ (['docker', 'podman']);
    const name = names.find((each) => spawnSync(each, ['info'], { stdio: 'ignore' }).status === 0);
    return name && new Engine(name);
  }

  /**
   * @param {string[]} args
   * @returns {Promise<string>} standard output
   * @throws {Failure} with the output of the engine
   */
  async run(...args) {
    const what = `${this.name} ${args.slice(0, 2).join(' ')}`;
    const output = await run(what, [this.name, ...args], { cwd: ROOT });
    return output.trim();
  }

  /** @param {string[]} args @returns {Promise<boolean>} whether the exit code was 0 */
  succeeds(...args) {
    return this.run(...args).then(
      () => true,
      () => false,
    );
  }

  /** The last lines of both streams. @param {string} container */
  logsOf(container) {
    const { stdout, stderr } = spawnSync(this.name, ['logs', '--tail', '20', container], {
      encoding: 'utf8',
    });
    return `${stdout}${stderr}`;
  }

  /** Runs JavaScript in a container and returns what it prints. @param {string} container @param {string} program */
  evaluate(container, program) {
    return this.run('exec', container, 'node', '-e', program);
  }

  /** @param {string} container @param {string} format a Go template */
  inspect(container, format) {
    return this.run('inspect', '--format', format, container);
  }

  /**
   * Stops a container by SIGTERM.
   *
   * @param {string} container
   * @param {number} graceSeconds after which the engine kills the process
   * @returns {Promise<number>} the seconds that it took
   * @throws {Failure} when the process did not exit with 0
   */
  async stop(container, graceSeconds) {
    const start = performance.now();
    await this.run('stop', '--time', String(graceSeconds), container);
    const code = await this.inspect(container, '{{.State.ExitCode}}');
    if (code !== '0') throw new Failure(`${container} exited with ${code} after SIGTERM.`);
    return (performance.now() - start) / 1000;
  }

  /**
   * Podman 4.3 sometimes fails to remove a container that stops at the same moment.
   *
   * @param {string} label of the containers
   */
  async removeAll(label) {
    await waitUntil(`the containers of ${label} are removed`, 60_000, async () => {
      const list = await this.run('ps', '--all', '--quiet', '--filter', `label=${label}`);
      return !list || this.succeeds('rm', '--force', '--volumes', ...list.split('\n'));
    });
  }

  /** @param {string} container @param {number} port @returns {Promise<string>} the address on this machine */
  async addressOf(container, port) {
    const [line] = (await this.run('port', container, String(port))).split('\n');
    return line.replace('0.0.0.0', '127.0.0.1');
  }
}

/**
 * @param {string} what for the message
 * @param {number} timeoutMs
 * @param {() => Promise<boolean>} holds
 * @throws {Failure}
 */
export async function waitUntil(what, timeoutMs, holds) {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Failure(`${what}: not within ${timeoutMs / 1000} s.`);
    await sleep(INTERVAL_MS);
  }
}

/** @param {string} text */
export const print = (text) => void process.stdout.write(`containers: ${text}\n`);

/** @param {unknown} holds @param {string} sentence that is not true otherwise */
export function check(holds, sentence) {
  if (!holds) throw new Failure(`Not true: ${sentence}`);
}

import { randomInt } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { Failure } from './command.mjs';

const KEPT_CHARACTERS = 4000;

/** @typedef {[command: string, ...args: string[]]} Words a command with its arguments */

/**
 * Runs a command to its end and returns its standard output.
 *
 * @param {string} what a name of the step, for messages
 * @param {Words} words
 * @param {import('node:child_process').SpawnOptionsWithoutStdio} options
 * @throws {Failure} with the end of its output, when its exit code is not 0
 */
export async function run(what, [command, ...args], options) {
  const shell = process.platform === 'win32';
  const child = spawn(command, args, { ...options, shell, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, code] = await Promise.all([
    text(/** @type {import('node:stream').Readable} */ (child.stdout)),
    text(/** @type {import('node:stream').Readable} */ (child.stderr)),
    exitCodeOf(child),
  ]);
  if (code === 0) return output;
  const end = `${output}${errors}`.trim().slice(-KEPT_CHARACTERS);
  throw new Failure(`${what} failed with ${code}:\n${end}`);
}

/**
 * Runs a command with the terminal of this process.
 *
 * @param {Words} words
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @returns {number} its exit code; 1 when it could not start or a signal ended it
 */
export function runInForeground([command, ...args], options) {
  return spawnSync(command, args, { stdio: 'inherit', ...options }).status ?? 1;
}

/**
 * Resolves when the process has exited and its output is complete.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number | null>}
 */
export function exitCodeOf(child) {
  return new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
}

/**
 * `npm install` of packages, or of the dependencies in the package.json of the folder.
 *
 * @param {string} folder
 * @param {string[]} [packages]
 */
export function npmInstall(folder, packages = []) {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  return run(
    `npm install ${packages.join(' ')} in ${folder}`,
    ['npm', 'install', ...quiet, ...packages],
    { cwd: folder },
  );
}

/** A TCP port of the loopback interface on which no process listens now. No outgoing connection takes ports of this range. */
export async function freePort() {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { Failure } from '../terminal/failure.mjs';

const KEPT_CHARACTERS = 4000;

/**
 * Runs a command to its end and returns what it wrote to standard output.
 *
 * @param {string} what it is, for people
 * @param {[command: string, ...args: string[]]} words
 * @param {import('node:child_process').SpawnOptions} options
 * @throws {Failure} with the end of what it printed, when its exit code is not 0
 */
export async function run(what, [command, ...args], options) {
  const shell = process.platform === 'win32';
  const child = spawn(command, args, { ...options, shell, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code === 0) return output;
  const said = `${output}${errors}`.trim().slice(-KEPT_CHARACTERS);
  throw new Failure(`${what} failed with ${code}:\n${said}`);
}

/** `npm install` of packages, or of what the folder's package.json names. */
export function npmInstall(folder, packages = []) {
  const what = `npm install ${packages.join(' ')} in ${folder}`;
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  return run(what, ['npm', 'install', ...quiet, ...packages], { cwd: folder });
}

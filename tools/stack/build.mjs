import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../terminal/failure.mjs';
import { ROOT } from '../workspace.mjs';

const NX = join(ROOT, 'node_modules/nx/dist/bin/nx.js');

/**
 * Builds the apps and the libraries that they use; Nx takes from its cache what did not change.
 *
 * @param {readonly string[]} apps
 * @param {AbortSignal} [signal] stops the build
 * @throws {Failure} with everything that the build printed
 */
export async function build(apps, signal) {
  if (!existsSync(NX)) throw new Failure('The packages are not installed. Run: npm ci');
  const arguments_ = ['run-many', '-t', 'build', '-p', apps.join(','), '--outputStyle=static'];
  const nx = spawn(process.execPath, [NX, ...arguments_], {
    cwd: ROOT,
    env: { ...process.env, NX_TUI: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const output = [];
  for (const stream of [nx.stdout, nx.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const code = await exitOf(nx);
  if (code !== 0) throw new Failure(`${Buffer.concat(output)}\nThe build failed: see above.`);
}

function exitOf(child) {
  return new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
}

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bench = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Installs the peers and builds the product, each only where it is missing. Throws when one fails.
 * @param {string} built a file that is there when the product is built
 * @param {{ peers?: boolean }} needs whether the run needs the peers at all
 */
export function prepare(built, { peers = true } = {}) {
  if (!existsSync(`${root}node_modules`)) throw new Error('Run `npm ci` in the repository first.');
  if (peers && !existsSync(`${bench}node_modules`)) {
    step('Installing the peers (npm ci in bench/)', ['npm', 'ci'], bench);
  }
  if (!existsSync(`${root}${built}`)) {
    step('Building the product', ['npx', 'nx', 'run-many', '-t', 'build'], root);
  }
}

function step(title, [command, ...args], cwd) {
  console.log(`${title} …`);
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${title}: "${command} ${args.join(' ')}" exited ${status}`);
}

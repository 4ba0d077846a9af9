/**
 * `node tools/run.mjs packages [<folder>…]`: installs the packages of folders with a lock file of their own, which `npm ci` in the
 * root leaves out. Does nothing if they are as new as the lock file.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand } from '../terminal/command.mjs';
import { run } from '../terminal/processes.mjs';
import { PACKAGE_FOLDERS, ROOT } from '../workspace.mjs';

export const command = defineCommand({
  usage: `Usage: node tools/run.mjs packages [<folder>…] [--optional]

Without a folder: ${PACKAGE_FOLDERS.join(', ')}.
  --optional   prints a warning, and succeeds, when the packages cannot be installed`,
  options: { optional: { type: 'boolean', default: false } },
  allowPositionals: true,
  run: async ({ optional }, folders) => {
    for (const folder of folders.length > 0 ? folders : PACKAGE_FOLDERS) {
      await installPackages(folder).catch((/** @type {Error} */ error) => {
        if (!optional) throw error;
        process.stderr.write(`SKIPPED: the packages of ${folder}. ${error.message}\n`);
      });
    }
  },
});

/**
 * @param {string} folder below the root; a folder without a lock file is left alone
 * @throws {Error} with the message of npm
 */
export async function installPackages(folder) {
  const lockFile = join(ROOT, folder, 'package-lock.json');
  if (!existsSync(lockFile)) return;
  const installed = join(ROOT, folder, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs > statSync(lockFile).mtimeMs) return;
  process.stdout.write(`installing the packages of ${folder}\n`);
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // Not `npm ci`, which refuses a lock file with the packages of removed parts.
  await run(`npm install in ${folder}`, ['npm', 'install', ...quiet], { cwd: join(ROOT, folder) });
}

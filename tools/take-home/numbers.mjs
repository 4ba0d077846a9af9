import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../terminal/processes.mjs';
import { filesIn } from '../workspace.mjs';
import { packagesOfCopy } from './projects.mjs';

/** The packages that a new service of `nest new` has at run time. */
const STARTER = ['common', 'core', 'platform-express'].map((name) => `@nestjs/${name}@12`);
const COPIES = { 'core and nest': [], 'with passport': ['--with', 'passport'] };

/**
 * Counts what a copy brings into a new service: files, lines, and packages in node_modules.
 *
 * @param {string} parent
 * @returns {Promise<string[]>} a line for each of the usual copies
 */
export async function measureCopies(parent) {
  const lines = [];
  for (const [name, options] of Object.entries(COPIES)) {
    lines.push(await measureCopy(join(parent, name.replaceAll(' ', '-')), name, options));
  }
  return lines;
}

/** @param {string} folder @param {string} name @param {string[]} options */
async function measureCopy(folder, name, options) {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const before = await installed(folder, [...STARTER, 'reflect-metadata', 'rxjs@7']);
  const packages = await packagesOfCopy(folder, options);
  const after = await installed(folder, packages);
  const files = filesIn(folder, 'src/guards');
  const sources = files.filter((path) => path.endsWith('.ts'));
  const texts = await Promise.all(sources.map((path) => readFile(join(folder, path), 'utf8')));
  const lines = texts.reduce((sum, text) => sum + text.split('\n').length - 1, 0);
  const added = after.filter((path) => !before.includes(path)).length;
  return `${name}: ${files.length} files, ${lines} lines of TypeScript, ${added} packages in node_modules (${packages.join(' ')})`;
}

/**
 * The packages that npm would install.
 *
 * @param {string} folder
 * @param {string[]} packages
 */
async function installed(folder, packages) {
  const quiet = ['--package-lock-only', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm install', ['npm', 'install', ...quiet, ...packages], { cwd: folder });
  const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8'));
  return Object.keys(lock.packages);
}

import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { run } from './guards-package/command.mjs';
import { ROOT } from './workspace.mjs';

/** Copies what Git knows of, or would, into a folder, and lends it the packages that are installed here. */
export async function copyWorkspace(folder) {
  const list = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const paths = (await run('git ls-files', list, { cwd: ROOT })).split('\0').filter(Boolean);
  for (const path of paths.filter((each) => existsSync(join(ROOT, each)))) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  lend('node_modules', folder);
  for (const parent of ['apps', 'libs']) {
    for (const project of readdirSync(join(folder, parent))) {
      lend(join(parent, project, 'node_modules'), folder);
      linkOwn(join(parent, project), folder);
    }
  }
}

/** Each package by a link of its own: those of the workspace must be the copies. */
function lend(modules, folder) {
  if (!existsSync(join(ROOT, modules))) return;
  mkdirSync(join(folder, modules), { recursive: true });
  for (const name of readdirSync(join(ROOT, modules))) {
    if (name === '@gatehouse' || name.startsWith('.cache')) continue;
    symlinkSync(join(ROOT, modules, name), join(folder, modules, name));
  }
}

function linkOwn(project, folder) {
  const link = join(folder, 'node_modules/@gatehouse', project.split(/[\\/]/).at(-1));
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(relative(dirname(link), join(folder, project)), link);
}

import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { copyWorkspace } from '../workspace-copy.mjs';
import { ROOT } from '../workspace.mjs';
import { run } from './command.mjs';

const LIBRARY = join(ROOT, 'libs/guards');
const DOCUMENTS = ['LICENSE', 'README.md', 'package.json'];
/** Tools of this repository read them from the sources. */
const NOT_PUBLISHED = /^(?:src\/explain|testing\/corpus)\//;

/**
 * `npm pack` into a folder, from a copy of the workspace in it: packing empties `dist` and compiles it anew, which must take
 * it from nobody who runs it, and packs, at the same time.
 *
 * @returns {Promise<{ tarball: string, files: string[] }>}
 */
export async function packGuards(folder) {
  const workspace = join(folder, 'workspace');
  await copyWorkspace(workspace);
  const words = ['npm', 'pack', '--json', '--pack-destination', folder];
  const [packed] = JSON.parse(
    await run('npm pack', words, { cwd: join(workspace, 'libs/guards') }),
  );
  return { tarball: join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** Each source as JavaScript with its map, and its types. Nothing else. */
export function expectedFiles() {
  const compiled = ['src', 'testing']
    .flatMap(sourcesIn)
    .filter((path) => !NOT_PUBLISHED.test(path))
    .flatMap((path) =>
      ['js', 'js.map', 'd.ts'].map((ending) => `dist/${path.slice(0, -2)}${ending}`),
    );
  return [...DOCUMENTS, ...compiled];
}

function sourcesIn(folder) {
  return readdirSync(join(LIBRARY, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(LIBRARY, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
}

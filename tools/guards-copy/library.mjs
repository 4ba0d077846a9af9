import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { ROOT } from '../workspace.mjs';

const LIBRARY = join(ROOT, 'libs/guards');
const FOLDERS = ['src', 'testing', 'test'];
export const DOCUMENTS = ['README.md', 'LICENSE'];

export const manifest = JSON.parse(readFileSync(join(LIBRARY, 'package.json'), 'utf8'));

/** In imports and in `new URL('./x', import.meta.url)`. */
export const RELATIVE_NAME = /(?<=\b(?:from |import |import\(|new URL\())'(\.{1,2}\/[^'\s]+)'/g;
const PACKAGE_NAME = /\b(?:from|import) '((?!\.|node:)(?:@[^/']+\/)?[^/']+)[^']*'/g;

/**
 * A file of the library, by its path there, with slashes. `references` are paths of what it names within the library or
 * outside of it, `packages` the names of those that it imports.
 *
 * @typedef {{ path: string, text: string, references: string[], packages: string[] }} LibraryFile
 */

/** @returns {Map<string, LibraryFile>} by path */
export function libraryFiles() {
  const paths = [...DOCUMENTS, ...FOLDERS.flatMap(filesIn)];
  return new Map(paths.map((path) => [path, readLibraryFile(path)]));
}

function filesIn(folder) {
  return readdirSync(join(LIBRARY, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(LIBRARY, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
}

function readLibraryFile(path) {
  const text = readFileSync(join(LIBRARY, path), 'utf8');
  if (!path.endsWith('.ts')) return { path, text, references: [], packages: [] };
  return {
    path,
    text,
    references: [...text.matchAll(RELATIVE_NAME)].map(([, name]) => meant(name, path)),
    packages: [...new Set([...text.matchAll(PACKAGE_NAME)].map(([, name]) => name))],
  };
}

/** The path of what a file names: it says './x.js', as Node wants it, and the source is './x.ts'. */
export function meant(name, from) {
  return posix.join(posix.dirname(from), name).replace(/\.js$/, '.ts');
}

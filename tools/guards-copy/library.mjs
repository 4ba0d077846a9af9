import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { filesIn, ROOT } from '../workspace.mjs';

/**
 * A file of the library, by its path there. `references` are the paths of the files that it names, `packages` the names of
 * the packages that it imports.
 *
 * @typedef {{ path: string, text: string, references: string[], packages: string[] }} LibraryFile
 */
/** @typedef {Map<string, LibraryFile>} LibraryFiles by path */

/**
 * The folders of the library, its tests and the sources of the service, as paths in the service.
 *
 * @typedef {{ library: string, tests: string, sources: string }} Places
 */

const LIBRARY = join(ROOT, 'libs/guards');
const FOLDERS = ['src', 'testing', 'test'];
export const DOCUMENTS = ['README.md', 'LICENSE'];

/** @type {Record<string, any>} */
export const manifest = JSON.parse(readFileSync(join(LIBRARY, 'package.json'), 'utf8'));

/** In imports and in `new URL('./x', import.meta.url)`. */
const RELATIVE_NAME = /(?<=\b(?:from |import |import\(|new URL\())'(\.{1,2}\/[^'\s]+)'/g;
const PACKAGE_NAME = /\b(?:from|import) '((?!\.|node:)(?:@[^/']+\/)?[^/']+)[^']*'/g;
const LINK = /\[([^\]]*)\]\((?!\w+:)([^)#\s]+)(#[^)\s]*)?\)/g;
const OWN_NAME = new RegExp(`'${manifest.name}(?:/(\\w+))?'`, 'g');

/** @returns {LibraryFiles} */
export function libraryFiles() {
  const paths = [...DOCUMENTS, ...FOLDERS.flatMap((folder) => filesIn(LIBRARY, folder))];
  return new Map(paths.map((path) => [path, readLibraryFile(path)]));
}

/** @param {string} path @returns {LibraryFile} */
function readLibraryFile(path) {
  const text = readFileSync(join(LIBRARY, path), 'utf8');
  if (!path.endsWith('.ts')) return { path, text, references: [], packages: [] };
  return {
    path,
    text,
    references: [...text.matchAll(RELATIVE_NAME)].map(([, name]) => resolveName(name, path)),
    packages: [...new Set([...text.matchAll(PACKAGE_NAME)].map(([, name]) => name))],
  };
}

/**
 * The path of a file that another file names: it imports './x.js', as Node requires it, and the source is './x.ts'.
 *
 * @param {string} name
 * @param {string} from
 */
function resolveName(name, from) {
  return posix.join(posix.dirname(from), name).replace(/\.js$/, '.ts');
}

/**
 * The tests go beside the sources, because `nest build` excludes the folder `test`.
 *
 * @param {string} library
 * @returns {Places}
 */
export function placesFor(library) {
  const sources = /^(?:.*\/)?src(?=\/)/.exec(library)?.[0] ?? posix.dirname(library);
  return { library, sources, tests: posix.join(posix.dirname(sources), 'test/guards') };
}

/** @param {string} path @param {Places} places */
export function destinationOf(path, { library, tests }) {
  if (path.startsWith('src/')) return posix.join(library, path.slice('src/'.length));
  if (path.startsWith('test/')) return posix.join(tests, path.slice('test/'.length));
  return posix.join(path.startsWith('testing/') ? tests : library, path);
}

/**
 * The text of a copied file, with the names of other copied files adjusted.
 *
 * @param {LibraryFile} file
 * @param {{ places: Places, paths: ReadonlySet<string> }} copy `paths` are the copied files
 */
export function textAtDestination({ path, text }, { places, paths }) {
  /** @param {string} name */
  const rename = (name) => {
    const target = resolveName(name, path);
    if (!paths.has(target)) return undefined;
    return relativeName(destinationOf(target, places), destinationOf(path, places));
  };
  if (path.endsWith('.ts')) {
    return text.replace(RELATIVE_NAME, (literal, name) => {
      const renamed = rename(name);
      return renamed ? `'${toImport(renamed)}'` : literal;
    });
  }
  if (!path.endsWith('.md')) return text;
  return text
    .replace(OWN_NAME, (_literal, entry) => `'${importOf(entry, places)}'`)
    .replace(LINK, (_link, label, name, anchor = '') => {
      const renamed = rename(name);
      return renamed ? `[${label}](${renamed}${anchor})` : label;
    });
}

/**
 * How a source file of the service imports the library, or an entry point of it.
 *
 * @param {string | undefined} entry
 * @param {Places} places
 */
export function importOf(entry, places) {
  const exported = manifest.exports[entry ? `./${entry}` : '.'];
  const source = posix.normalize(exported['@gatehouse/source']);
  const main = posix.join(places.sources, 'main.ts');
  return toImport(relativeName(destinationOf(source, places), main));
}

/** @param {string} path @param {string} from */
function relativeName(path, from) {
  const name = posix.relative(posix.dirname(from), path);
  return name.startsWith('.') ? name : `./${name}`;
}

/** @param {string} name */
function toImport(name) {
  return name.replace(/\.ts$/, '.js');
}

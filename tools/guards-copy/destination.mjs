import { posix } from 'node:path';
import { manifest, meant, RELATIVE_NAME } from './library.mjs';

const LINK = /\[([^\]]*)\]\((?!\w+:)([^)#\s]+)(#[^)\s]*)?\)/g;
const OWN_NAME = new RegExp(`'${manifest.name}(?:/(\\w+))?'`, 'g');

/**
 * Where the parts of the library go, as paths in the service. The tests go beside the sources and not among them: what Nest
 * builds leaves `test` out.
 *
 * @typedef {{ library: string, tests: string, sources: string }} Places
 * @param {string} library
 * @returns {Places}
 */
export function placesFor(library) {
  const sources = /^(?:.*\/)?src(?=\/)/.exec(library)?.[0] ?? posix.dirname(library);
  return { library, sources, tests: posix.join(posix.dirname(sources), 'test/guards') };
}

/** @param {Places} places */
export function destinationOf(path, { library, tests }) {
  if (path.startsWith('src/')) return posix.join(library, path.slice('src/'.length));
  if (path.startsWith('test/')) return posix.join(tests, path.slice('test/'.length));
  return posix.join(path.startsWith('testing/') ? tests : library, path);
}

/**
 * The text that a file has there: it names the others where they have gone.
 *
 * @param {import('./library.mjs').LibraryFile} file
 * @param {{ places: Places, paths: ReadonlySet<string> }} copy `paths` is what is copied
 */
export function textThere({ path, text }, { places, paths }) {
  const rename = (name) =>
    paths.has(meant(name, path)) &&
    nameOf(destinationOf(meant(name, path), places), destinationOf(path, places));
  if (path.endsWith('.ts')) {
    return text.replace(RELATIVE_NAME, (literal, name) => {
      const renamed = rename(name);
      return renamed ? `'${asImport(renamed)}'` : literal;
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

/** How a file among the sources imports the library, or an entry point of it. */
export function importOf(entry, places) {
  const source =
    entry === 'testing' ? 'testing/index.ts' : posix.join('src', entry ?? '', 'index.ts');
  return asImport(nameOf(destinationOf(source, places), posix.join(places.sources, 'main.ts')));
}

function nameOf(path, from) {
  const name = posix.relative(posix.dirname(from), path);
  return name.startsWith('.') ? name : `./${name}`;
}

function asImport(name) {
  return name.replace(/\.ts$/, '.js');
}

import { posix } from 'node:path';
import { DOCUMENTS, manifest } from './library.mjs';

const ENTRIES = ['src/index.ts', 'src/dpop/index.ts'];
/** Entry points of their own, each with the package of Nest that it is for. */
const TRANSPORTS = {
  graphql: '@nestjs/graphql',
  websockets: '@nestjs/websockets',
  microservices: '@nestjs/microservices',
};
/** What a compiler takes in ES modules alone: `import.meta`, and `await` outside of functions. */
const ES_MODULE = /\bimport\.meta\b|^(?:const .*= )?await /m;
/** Its clocks, which other runners have under other names. */
const JEST = /\bjest\b/;

/**
 * What a service gets: the library as far as its entry points reach, `testing`, and the tests that can be run there.
 *
 * @param {Map<string, import('./library.mjs').LibraryFile>} files
 * @param {import('./service.mjs').Service} service
 * @param {Pick<import('./options.mjs').CopyOptions, 'all' | 'tests'>} options
 */
export function select(files, service, { all, tests }) {
  const transports = Object.keys(TRANSPORTS).filter(
    (name) => files.has(entryOf(name)) && (all || service.declares(TRANSPORTS[name])),
  );
  const library = reachable([...ENTRIES, ...transports.map(entryOf)], files);
  const specs = tests ? specsThatFit(files, { library, service }) : [];
  const beside = reachable(['testing/index.ts', ...specs], files);
  const paths = [...DOCUMENTS, ...library, ...beside, ...dataBeside(beside, files)];
  return {
    paths: [...new Set(paths)],
    leftTransports: Object.keys(TRANSPORTS).filter((name) => !transports.includes(name)),
  };
}

function entryOf(transport) {
  return `src/${transport}/index.ts`;
}

function reachable(entries, files) {
  const reached = new Set(entries);
  // A set is walked to its end, wherever that is when the walk gets there.
  for (const path of reached) {
    for (const reference of files.get(path).references) {
      if (files.has(reference)) reached.add(reference);
    }
  }
  return reached;
}

/** Not those of this repository's own tools and documents, nor of what the library leaves out. */
function specsThatFit(files, { library, service }) {
  const fits = (path) => {
    if (!files.has(path)) return !path.startsWith('..');
    const { text, packages } = files.get(path);
    if (path.startsWith('src/')) return library.has(path);
    if (ES_MODULE.test(text) && !service.isEsModule) return false;
    if (JEST.test(text) && !service.declares('jest')) return false;
    return !packages.includes(manifest.name);
  };
  const specs = [...files.keys()].filter((path) => path.endsWith('.spec.ts'));
  return specs.filter((spec) =>
    [...reachable([spec], files)].every(
      (path) => fits(path) && files.get(path).references.every(fits),
    ),
  );
}

/** Vectors and their licence: what is no code goes where the code beside it goes. */
function dataBeside(paths, files) {
  const folders = new Set([...paths].map((path) => posix.dirname(path)));
  const data = [...files.keys()].filter((path) => !path.endsWith('.ts'));
  return data.filter((path) => folders.has(posix.dirname(path)));
}

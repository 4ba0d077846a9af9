import { posix } from 'node:path';
import {
  DOCUMENTS,
  libraryFile,
  LISTS_OF_PARTS,
  manifest,
  pruned,
  testDependencies,
} from './library.mjs';
import { partOf } from './parts.mjs';

/** @typedef {import('./library.mjs').LibraryFile} LibraryFile */
/** @typedef {import('./library.mjs').LibraryFiles} LibraryFiles */
/** @typedef {import('./service.mjs').Service} Service */
/** @typedef {{ toRun: string[], toDevelop: string[] }} Packages as `npm install` takes them */

/** Entry points that every copy has. */
const ENTRIES = ['src/index.ts', 'src/core.ts'];
/** Syntax that compiles in ES modules alone: `import.meta`, and `await` outside of functions. */
const ES_MODULE = /\bimport\.meta\b|^(?:const .*= )?await /m;
/** Fake timers, which other test runners have under other names. */
const JEST = /\bjest\b/;

/**
 * Selects the files for a service: what core, nest and the parts use, and the tests that can run there.
 *
 * @param {LibraryFiles} library
 * @param {Service} service
 * @param {ReadonlySet<string>} parts
 * @returns {LibraryFile[]}
 */
export function selectFiles(library, service, parts) {
  const files = withoutOtherParts(library, parts);
  const ofParts = [...files.keys()].filter((path) => isOf(parts, path) && !isTest(path));
  const entries = ENTRIES.filter((path) => files.has(path));
  const copied = reachable([...entries, ...ofParts.filter((path) => !isTesting(path))], files);
  const specs = parts.has('tests') ? usableSpecs(files, { library: copied, service }) : [];
  const testing = parts.has('testing') ? ['testing/index.ts'] : [];
  const forTests = reachable([...testing, ...specs], files);
  const paths = [...DOCUMENTS, ...copied, ...forTests, ...dataBeside(forTests, files)];
  return [...new Set(paths)].map((path) => fileAt(path, files));
}

/** @param {ReadonlySet<string>} parts @param {string} path */
function isOf(parts, path) {
  const part = partOf(path);
  return part !== undefined && parts.has(part);
}

/** @param {string} path */
function isTest(path) {
  return path.startsWith('test/');
}

/** @param {string} path */
function isTesting(path) {
  return path.startsWith('testing/');
}

/**
 * The lists of parts, without the lines of parts that are not copied.
 *
 * @param {LibraryFiles} files
 * @param {ReadonlySet<string>} parts
 * @returns {LibraryFiles}
 */
function withoutOtherParts(files, parts) {
  const lists = LISTS_OF_PARTS.filter((path) => files.has(path)).map((path) => fileAt(path, files));
  const isCopied = (/** @type {string} */ path) => partOf(path) === undefined || isOf(parts, path);
  const shorter = lists.map((file) => libraryFile(file.path, pruned(file, isCopied)));
  return new Map([...files, ...shorter.map((file) => /** @type {const} */ ([file.path, file]))]);
}

/** @param {string} path @param {LibraryFiles} files */
function fileAt(path, files) {
  const file = files.get(path);
  if (!file) throw new Error(`libs/guards has no ${path}`);
  return file;
}

/** @param {string[]} entries @param {LibraryFiles} files */
function reachable(entries, files) {
  const reached = new Set(entries);
  // Iteration over a set includes the paths that are added meanwhile.
  for (const path of reached) {
    for (const reference of fileAt(path, files).references) {
      if (files.has(reference)) reached.add(reference);
    }
  }
  return reached;
}

/**
 * Excludes the tests of this repository's tools and documents, and those of omitted parts of the library.
 *
 * @param {LibraryFiles} files
 * @param {{ library: Set<string>, service: Service }} copy
 */
function usableSpecs(files, { library, service }) {
  /** @param {string} path */
  const isUsable = (path) => {
    const file = files.get(path);
    if (!file) return !path.startsWith('..');
    if (path.startsWith('src/')) return library.has(path);
    if (ES_MODULE.test(file.text) && !service.isEsModule) return false;
    if (JEST.test(file.text) && !service.declares('jest')) return false;
    return !file.packages.includes(manifest.name);
  };
  const specs = [...files.keys()].filter((path) => path.endsWith('.spec.ts'));
  return specs.filter((spec) =>
    [...reachable([spec], files)].every(
      (path) => isUsable(path) && fileAt(path, files).references.every(isUsable),
    ),
  );
}

/**
 * Test vectors and their licence: data goes where the code beside it goes.
 *
 * @param {Set<string>} paths
 * @param {LibraryFiles} files
 */
function dataBeside(paths, files) {
  const folders = new Set([...paths].map((path) => posix.dirname(path)));
  const data = [...files.keys()].filter((path) => !path.endsWith('.ts'));
  return data.filter((path) => folders.has(posix.dirname(path)));
}

/**
 * Packages of Nest whose major version is not that of Nest.
 *
 * @type {Record<string, Record<string, string>>}
 */
const OWN_MAJORS = {
  '@nestjs/graphql': { 11: '13', 12: '14' },
  '@nestjs/apollo': { 11: '13', 12: '14' },
};
/**
 * Packages that Nest or another package loads, so that no import names them.
 *
 * @type {Record<string, string[]>}
 */
const COMPANIONS = {
  '@nestjs/apollo': [
    '@apollo/server',
    '@apollo/subgraph',
    '@as-integrations/express5',
    '@as-integrations/fastify',
  ],
  '@grpc/grpc-js': ['@grpc/proto-loader'],
  '@nestjs/websockets': ['@nestjs/platform-socket.io', '@nestjs/platform-ws'],
};

/** @type {Record<string, string>} */
const ranges = {
  ...testDependencies,
  ...manifest.devDependencies,
  ...manifest.peerDependencies,
  ...manifest.dependencies,
};

/**
 * The packages that the copied files import and the service does not declare.
 *
 * @param {LibraryFile[]} files
 * @param {Service} service
 * @returns {Packages}
 */
export function missingPackages(files, service) {
  /** @param {LibraryFile} file */
  const isLibrary = ({ path }) => path.startsWith('src/');
  const toRun = importedBy(files.filter(isLibrary));
  const toTest = importedBy(files.filter((file) => !isLibrary(file)));
  const companions = toTest.flatMap((name) => COMPANIONS[name] ?? []);
  const types = [...toRun, ...toTest]
    .map((name) => `@types/${name}`)
    .filter((name) => Object.hasOwn(ranges, name));
  const toDevelop = [...toTest, ...companions, ...types].filter((name) => !toRun.includes(name));
  return { toRun: undeclared(toRun, service), toDevelop: undeclared(toDevelop, service) };
}

/** @param {LibraryFile[]} files */
function importedBy(files) {
  return files.flatMap(({ packages }) => packages);
}

/** @param {string[]} names @param {Service} service */
function undeclared(names, service) {
  const distinct = [...new Set(names)].filter((name) => !service.declares(name));
  return distinct.sort().map((name) => `${name}@${versionOf(name, service)}`);
}

/**
 * The versions of `^`, written so that every shell takes it as it is.
 *
 * @param {string} name
 * @param {Service} service
 */
function versionOf(name, { major: nest, declares }) {
  // Jest before Node 24.9 cannot load jwks-rsa 4, because that requires `jose`, an ES module.
  if (name === 'jwks-rsa') return declares('jest') ? '3' : '4';
  if (Object.hasOwn(OWN_MAJORS, name)) return OWN_MAJORS[name][nest];
  if (name.startsWith('@nestjs/')) return nest;
  const [, major, minor] = /(\d+)\.(\d+)/.exec(ranges[name]) ?? [];
  return major === '0' ? `0.${minor}` : major;
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, posix, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { Failure } from '../terminal/command.mjs';
import { manifest } from './library.mjs';

const NEST = '@nestjs/core';
/** @type {string} */
const NEST_RANGE = manifest.peerDependencies[NEST];
const MAJORS = [...NEST_RANGE.matchAll(/\^(\d+)/g)].map(([, major]) => major);

/**
 * A Nest service, from its package.json and tsconfig.json.
 *
 * @typedef {object} Service
 * @property {string} folder with the package.json that names Nest: in a monorepo, its root
 * @property {string} app the folder of the service in it, with slashes: `.` or `apps/api`
 * @property {string} name
 * @property {string} major of Nest: `12`
 * @property {boolean} isEsModule whether it compiles to ES modules
 * @property {(name: string) => boolean} declares whether its package.json names this package
 * @property {(name: string) => string | undefined} majorOf the major version of a package that is installed or declared
 * @property {ts.CompilerOptions | undefined} compilerOptions undefined without a tsconfig.json
 */

/**
 * Folders as paths in `service.folder`.
 *
 * @typedef {object} Places
 * @property {string} library
 * @property {string} tests
 * @property {string} sources of the service
 * @property {string} [alias] the name by which tsconfig.json lets sources import the library
 */

/**
 * @param {string} path
 * @returns {Service}
 * @throws {Failure} when the folder is not a Nest service, or its version of Nest is not supported
 */
export function readService(path) {
  // npm runs scripts in the root of the workspace. INIT_CWD is the folder of the caller.
  const given = resolve(process.env.INIT_CWD ?? '.', path);
  if (!existsSync(given)) throw noService(given, 'does not exist');
  const folder = folderWithNest(given);
  const declared = readJson(join(folder, 'package.json'));
  const packages = packagesOf(declared);
  const app = relative(folder, given).replaceAll(sep, '/') || '.';
  return {
    folder,
    app,
    name: app === '.' ? (declared.name ?? basename(folder)) : app,
    major: nestMajor(folder, packages[NEST]),
    isEsModule: typeOf(given, folder) === 'module',
    declares: (name) => Object.hasOwn(packages, name),
    majorOf: (name) => majorIn(installedVersion(folder, name) ?? packages[name]),
    compilerOptions: compilerOptionsOf(given, folder),
  };
}

/**
 * The folder whose package.json names Nest: the given one, or above it the root of a monorepo.
 *
 * @param {string} given
 */
function folderWithNest(given) {
  const manifests = ancestorsOf(given).filter((folder) => existsSync(join(folder, 'package.json')));
  const found = manifests.find((folder) =>
    Object.hasOwn(packagesOf(readJson(join(folder, 'package.json'))), NEST),
  );
  if (found) return found;
  throw manifests[0] === given
    ? new Failure(`${given} is not a Nest service: its package.json does not name ${NEST}.`)
    : noService(given, 'has no package.json, and the folders above it have none with Nest');
}

/** @param {string} folder @param {string} fault */
function noService(folder, fault) {
  return new Failure(
    `${folder} ${fault}. Give the folder of your Nest service; a new one is made by:\n\n` +
      '  npx @nestjs/cli new <name>',
  );
}

/** @param {string} folder @returns {string[]} the folder first */
function ancestorsOf(folder) {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestorsOf(parent)];
}

/** @param {string} file @returns {Record<string, any>} */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {Record<string, any>} declared @returns {Record<string, string>} */
function packagesOf({ dependencies, devDependencies, peerDependencies }) {
  return { ...peerDependencies, ...devDependencies, ...dependencies };
}

/**
 * The `type` in the nearest package.json.
 *
 * @param {string} given
 * @param {string} folder
 */
function typeOf(given, folder) {
  const nearest = [given, folder].find((place) => existsSync(join(place, 'package.json')));
  return nearest && readJson(join(nearest, 'package.json')).type;
}

/**
 * The major version of the installed Nest, or of the declared one.
 *
 * @param {string} folder
 * @param {string} range
 */
function nestMajor(folder, range) {
  const version = installedVersion(folder, NEST) ?? range;
  const major = majorIn(version) ?? '';
  if (MAJORS.includes(major)) return major;
  throw new Failure(
    `The guards support Nest ${MAJORS.join(' and ')}, and ${folder} has ${NEST} ${version}.`,
  );
}

/** @param {string | undefined} version */
function majorIn(version) {
  return version && /\d+/.exec(version)?.[0];
}

/** @param {string} folder @param {string} name @returns {string | undefined} */
function installedVersion(folder, name) {
  const places = createRequire(join(folder, 'package.json')).resolve.paths(name) ?? [];
  const file = places.map((place) => join(place, name, 'package.json')).find(existsSync);
  return file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8')).version;
}

/**
 * The options of the service's compiler, or else those that its monorepo shares.
 *
 * @param {string} given
 * @param {string} folder
 */
function compilerOptionsOf(given, folder) {
  const file = [
    ...['tsconfig.app.json', 'tsconfig.json'].map((name) => join(given, name)),
    ...['tsconfig.json', 'tsconfig.base.json'].map((name) => join(folder, name)),
  ].find(existsSync);
  if (!file) return undefined;
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config ?? {}, ts.sys, dirname(file)).options;
}

/**
 * The settings of tsconfig.json that the library needs and the service does not have.
 *
 * @param {Service} service
 */
export function compilerFaults({ compilerOptions: options = {} }) {
  /** @type {Record<string, boolean | undefined>} */
  const required = {
    '"target": "ES2022"': (options.target ?? 0) >= ts.ScriptTarget.ES2022,
    '"experimentalDecorators": true': options.experimentalDecorators,
    '"emitDecoratorMetadata": true': options.emitDecoratorMetadata,
  };
  return Object.keys(required).filter((setting) => !required[setting]);
}

/**
 * The tests go beside the sources, because `nest build` excludes the folder `test`.
 *
 * @param {Service} service
 * @param {string} [library] by default in the sources of the service
 * @returns {Places}
 * @throws {Failure} when the folder is the root of a monorepo, so that there is no default
 */
export function placesIn(service, library = folderInSources(service)) {
  const parent = /^(.*?)\/?src(?:\/|$)/.exec(library)?.[1] ?? posix.dirname(library);
  return {
    library,
    tests: posix.join(parent, 'test/guards'),
    sources: posix.join(service.app, 'src'),
    alias: aliasOf(service, library),
  };
}

/** @param {Service} service */
function folderInSources({ folder, app }) {
  const root = join(folder, app);
  const apps = existsSync(join(root, 'src')) ? [] : applicationsIn(root);
  if (apps.length === 0) return posix.join(app, 'src/guards');
  throw new Failure(
    `${root} is a monorepo with ${apps.join(' and ')}. Give the folder of one of them, ` +
      'or the folder of the library with --to, such as libs/guards/src.',
  );
}

/** @param {string} root */
function applicationsIn(root) {
  return ['apps', 'packages', 'services']
    .filter((name) => existsSync(join(root, name)))
    .flatMap((name) => readdirSync(join(root, name)).map((app) => posix.join(name, app)))
    .filter((app) =>
      ['main.ts', 'main.js'].some((file) => existsSync(join(root, app, 'src', file))),
    );
}

/** @param {Service} service @param {string} library */
function aliasOf({ compilerOptions, folder }, library) {
  const { paths = {}, baseUrl, pathsBasePath } = compilerOptions ?? {};
  const base = String(baseUrl ?? pathsBasePath ?? folder);
  const targets = [library, `${library}/index`, `${library}/index.ts`].map((at) =>
    join(folder, at),
  );
  return Object.keys(paths).find((name) =>
    paths[name].some((target) => targets.includes(resolve(base, target))),
  );
}

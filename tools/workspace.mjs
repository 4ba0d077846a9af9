import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseEnv } from 'node:util';
import { Failure } from './terminal/command.mjs';
import { exitCodeOf, run } from './terminal/processes.mjs';

/** @typedef {Record<string, string | undefined>} Environment */

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * The apps with an API and their ports, in the order in which they start and migrate: auth comes first, because the others need its
 * keys.
 *
 * @type {Record<string, number>}
 */
const API_PORTS = {
  auth: 3000,
  orders: 3001,
  billing: 3002,
};

export const APIS = Object.keys(API_PORTS);

/** The apps that accept access tokens. */
export const RESOURCE_SERVERS = APIS.filter((app) => app !== 'auth');

/** Whether the tokens are those of the app auth, and not of an issuer outside of this repository. */
export const HAS_AUTH = APIS.includes('auth');

/**
 * The tools for browsers. All of them run the app web, with different settings. Without its folder, the rest runs without them.
 *
 * @type {Record<string, number>}
 */
const WEB_PORTS = existsSync(join(ROOT, 'apps/web')) ? { shop: 3003, 'back-office': 3004 } : {};

export const WEB_TOOLS = Object.keys(WEB_PORTS);

/** What `npm start` runs, with the ports. @type {Record<string, number>} */
export const DEFAULT_PORTS = { ...API_PORTS, ...WEB_PORTS };

export const SERVICES = Object.keys(DEFAULT_PORTS);

/** The folder in `apps` of a service. @param {string} service */
export const appOf = (service) => (WEB_TOOLS.includes(service) ? 'web' : service);

export const APPS = [...new Set(SERVICES.map(appOf))];

/** Folders with packages that only some tests and documents need. They have a lock file of their own. */
export const PACKAGE_FOLDERS = ['libs/guards/test', 'tools/docs'].filter((folder) =>
  existsSync(join(ROOT, folder)),
);

/** Folders of all projects, relative to the root: `apps/auth`, `libs/guards` … */
export function projectFolders(root = ROOT) {
  return ['apps', 'libs'].flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => `${parent}/${name}`),
  );
}

/**
 * Paths of all files in a folder and its subfolders, relative to `base`, with slashes; without installed packages.
 *
 * @param {string} base
 * @param {string} [folder] below `base`
 */
export function filesIn(base, folder = '.') {
  return readdirSync(join(base, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes(`${sep}node_modules`))
    .map((entry) => relative(base, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
}

/**
 * The variables as the apps read them: without blanks and line ends around a value.
 *
 * @param {Environment} env
 * @returns {Environment}
 */
export const trimmed = (env) =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value?.trim()]));

/**
 * The folder of the SQLite files and of generated secrets, as an absolute path.
 *
 * @param {Environment} env
 */
export function dataFolder(env = process.env) {
  return resolve(ROOT, env.DATA_DIR || 'data');
}

/**
 * The credentials that auth seeded and wrote to `<DATA_DIR>/demo.env`; undefined without that file.
 *
 * @param {Environment} env
 */
export const demoCredentials = (env) => credentialsIn(join(dataFolder(env), 'demo.env'));

/**
 * @param {string} file
 * @returns {Environment | undefined} undefined without that file
 */
export function credentialsIn(file) {
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : undefined;
}

const NX = join(ROOT, 'node_modules/nx/dist/bin/nx.js');

/**
 * Builds projects and the libraries that they use. Nx takes unchanged ones from its cache.
 *
 * @param {readonly string[]} projects
 * @param {AbortSignal} [signal] stops the build
 * @throws {Failure} with the whole output of the build
 */
export async function build(projects, signal) {
  if (!existsSync(NX)) throw new Failure('The packages are not installed. Run: npm ci');
  const args = ['run-many', '-t', 'build', '-p', projects.join(','), '--outputStyle=static'];
  const nx = spawn(process.execPath, [NX, ...args], {
    cwd: ROOT,
    env: { ...process.env, NX_TUI: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  /** @type {Buffer[]} */
  const output = [];
  for (const stream of [nx.stdout, nx.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const code = await exitCodeOf(nx);
  if (code !== 0) throw new Failure(`${Buffer.concat(output)}\nThe build failed: see above.`);
}

/**
 * A file that `npm run build` writes, as an absolute path.
 *
 * @param {string} app
 * @param {string} file
 * @throws {Failure} unless it exists
 */
export function builtFile(app, file) {
  const path = join(ROOT, 'apps', app, 'dist', file);
  if (!existsSync(path)) throw new Failure(`${app} is not built. Run: npm run build`);
  return path;
}

/**
 * Makes an empty folder for copies of the workspace. Every user can enter it, because PostgreSQL refuses to run as root, so the
 * tests of root start it as another user.
 *
 * @param {string} what a word for its name
 */
export function makeFolderForCopies(what) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `gatehouse-${what}-`)));
  chmodSync(folder, 0o755);
  return folder;
}

/**
 * Copies the files that Git tracks, or would track, into a folder, and links the installed packages there.
 *
 * @param {string} folder
 */
export async function copyWorkspace(folder) {
  await copySources(folder);
  linkPackages('node_modules', folder);
  for (const packages of PACKAGE_FOLDERS) linkPackages(join(packages, 'node_modules'), folder);
  for (const project of projectFolders(folder)) {
    linkPackages(join(project, 'node_modules'), folder);
    const link = join(folder, 'node_modules/@gatehouse', basename(project));
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), join(folder, project)), link);
  }
}

/** Copies the files that Git tracks, or would track. @param {string} folder */
export async function copySources(folder) {
  const list = await run(
    'git ls-files',
    ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: ROOT },
  );
  for (const path of list.split('\0').filter((path) => path && existsSync(join(ROOT, path)))) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
}

/**
 * One link per package, because the packages of the workspace must be the copies.
 *
 * @param {string} modules
 * @param {string} folder
 */
function linkPackages(modules, folder) {
  if (!existsSync(join(ROOT, modules))) return;
  mkdirSync(join(folder, modules), { recursive: true });
  for (const name of readdirSync(join(ROOT, modules))) {
    if (name === '@gatehouse' || name.startsWith('.cache')) continue;
    symlinkSync(join(ROOT, modules, name), join(folder, modules, name));
  }
}

/**
 * Imports the built module that exports a name, from wherever it is in the folder.
 *
 * @param {string} folder below the root, such as `apps/auth/dist`
 * @param {string} name
 * @returns {Promise<any>}
 */
export async function importBuilt(folder, name) {
  const declaration = new RegExp(`\\bexport (?:const|class|function|async function) ${name}\\b`);
  const path = filesIn(join(ROOT, folder)).find(
    (path) =>
      path.endsWith('.js') && declaration.test(readFileSync(join(ROOT, folder, path), 'utf8')),
  );
  if (!path) throw new Failure(`${folder} has no module that exports ${name}. Run: npm run build`);
  return import(pathToFileURL(join(ROOT, folder, path)).href);
}

import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesIn, projectFolders, ROOT } from '../workspace.mjs';

/** These packages only help to install others, so a container does without them. */
const INSTALLERS = ['prebuild-install', '@scarf/scarf'];
/** C and C++ sources, objects, documents except licences, and files for browsers' debuggers and other bundlers. */
const NOT_AT_RUN_TIME =
  /\/(deps|src|obj|obj\.target)(\/|$)|\.(a|map|gyp)$|(?<!\/LICEN[CS]E)\.md$|-es-bundle/i;

/**
 * Copies what a bundle reads at run time: the files beside the compiled modules, and the packages that are not in it.
 *
 * @param {{ app: string, target: string, packages: readonly string[] }} options `app` such as `apps/auth`
 */
export function copyRunTimeFiles({ app, target, packages }) {
  copy(`${app}/package.json`, target);
  const libraries = projectFolders().filter((folder) => folder.startsWith('libs/'));
  // Nx builds only the libraries that the app uses.
  const built = [app, ...libraries]
    .map((folder) => `${folder}/dist`)
    .filter((folder) => existsSync(join(ROOT, folder)));
  for (const dist of built) {
    const assets = filesIn(join(ROOT, dist)).filter((path) => isClient(path) || !isBundled(path));
    for (const path of assets) copy(`${dist}/${path}`, target);
  }
  for (const folder of packageFolders(packages)) copy(folder, target);
}

const isBundled = (/** @type {string} */ path) => /\.js(\.map)?$|\.d\.ts$/.test(path);

/** The server sends the scripts of a browser's client, and does not run them. */
const isClient = (/** @type {string} */ path) => path.startsWith('client/');

/**
 * The folders of packages and of the packages that these need, if they are installed.
 *
 * @param {readonly string[]} packages
 */
function packageFolders(packages) {
  const names = new Set(packages);
  for (const name of names) {
    const manifest = join(ROOT, 'node_modules', name, 'package.json');
    if (INSTALLERS.includes(name) || !existsSync(manifest)) {
      names.delete(name);
      continue;
    }
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(manifest, 'utf8'));
    for (const other of Object.keys({ ...dependencies, ...optionalDependencies })) names.add(other);
  }
  return [...names].map((name) => `node_modules/${name}`);
}

/** @param {string} path below the root @param {string} target */
function copy(path, target) {
  const filter = (/** @type {string} */ source) =>
    !path.startsWith('node_modules') ||
    !NOT_AT_RUN_TIME.test(source.slice(ROOT.length + path.length));
  mkdirSync(dirname(join(target, path)), { recursive: true });
  cpSync(join(ROOT, path), join(target, path), { recursive: true, filter });
}

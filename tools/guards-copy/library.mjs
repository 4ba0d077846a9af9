import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { filesIn, ROOT } from '../workspace.mjs';
import { readText, textOf } from './files.mjs';
import { prune } from './prune.mjs';

/**
 * A file of the library, by its path there. `references` are the paths of the files that it names, `packages` the names of
 * the packages that it imports.
 *
 * @typedef {{ path: string, text: string, references: string[], packages: string[] }} LibraryFile
 */
/** @typedef {Map<string, LibraryFile>} LibraryFiles by path */
/** @typedef {import('./service.mjs').Places} Places */

/**
 * How files of the library are written into a service.
 *
 * @typedef {object} Target
 * @property {Places} places
 * @property {ReadonlySet<string>} paths the copied files
 * @property {boolean} isEsModule imports name files as Node requires it in ES modules: './x.js'
 */

const FOLDER = 'libs/guards';
const LIBRARY = join(ROOT, FOLDER);
const FOLDERS = ['src', 'testing', 'test', 'docs'];
export const DOCUMENTS = ['README.md', 'LICENSE'];
/** Files that name every part. A copy has only the lines of parts that it has. */
export const LISTS_OF_PARTS = ['src/index.ts', 'src/core.ts', 'src/parts.ts'];

/** @type {Record<string, any>} */
export const manifest = JSON.parse(readFileSync(join(LIBRARY, 'package.json'), 'utf8'));

const testPackages = join(LIBRARY, 'test/package.json');

/** The packages that only tests import. A created project may have no tests of the library. @type {Record<string, string>} */
export const testDependencies = JSON.parse(textOf(testPackages) || '{}').dependencies;

/** In imports, in `declare module` and in `new URL('./x', import.meta.url)`. */
const RELATIVE_NAME =
  /(?<=\b(?:from |import |import\(|declare module |new URL\())'(\.{1,2}\/[^'\s]+)'/g;
const PACKAGE_NAME = /\b(?:from|import) '((?!\.|node:)(?:@[^/']+\/)?[^/']+)[^']*'/g;
const LINK = /\[([^\]]*)\]\((?!\w+:)([^)#\s]+)(#[^)\s]*)?\)/g;
const OWN_NAME = new RegExp(`'${manifest.name}(?:/([\\w-]+))?'`, 'g');

/** A service declares the packages of its tests itself. */
const PACKAGES_OF_TESTS = /^test\/(?:package(?:-lock)?\.json|\.npmrc)$/;

/** @returns {LibraryFiles} */
export function libraryFiles() {
  const folders = FOLDERS.filter((folder) => existsSync(join(LIBRARY, folder)));
  const paths = [...DOCUMENTS, ...folders.flatMap((folder) => filesIn(LIBRARY, folder))].filter(
    (path) => !PACKAGES_OF_TESTS.test(path),
  );
  return new Map(paths.map((path) => [path, libraryFile(path, readText(join(LIBRARY, path)))]));
}

/** @param {string} path @param {string} text @returns {LibraryFile} */
export function libraryFile(path, text) {
  if (!path.endsWith('.ts')) return { path, text, references: [], packages: [] };
  return {
    path,
    text,
    references: [...text.matchAll(RELATIVE_NAME)].map(([, name]) => resolveName(name, path)),
    packages: [...new Set([...text.matchAll(PACKAGE_NAME)].map(([, name]) => name))],
  };
}

/**
 * The last commit that changed the library, and its date. Undefined if this is not a Git repository.
 *
 * @returns {{ commit: string, date: string } | undefined}
 */
export function libraryCommit() {
  const line = git('log', '-1', '--format=%H %cs', '--', FOLDER)?.trim();
  if (!line) return undefined;
  const [commit, date] = line.split(' ');
  return { commit, date };
}

/**
 * A file of the library as it was in a commit. Undefined without the commit, such as in a shallow clone.
 *
 * @param {string} commit
 * @param {string} path
 */
export function textInCommit(commit, path) {
  return git('show', `${commit}:./${FOLDER}/${path}`);
}

/** @param {string[]} args */
function git(...args) {
  const { status, stdout } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
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

/** @param {string} path @param {Places} places */
export function destinationOf(path, { library, tests }) {
  if (path.startsWith('src/')) return posix.join(library, path.slice('src/'.length));
  if (path.startsWith('test/')) return posix.join(tests, path.slice('test/'.length));
  return posix.join(path.startsWith('testing/') ? tests : library, path);
}

/**
 * The text of a copied file: with the names of other copied files adjusted, and without the lines of parts that are not copied.
 *
 * @param {Pick<LibraryFile, 'path' | 'text'>} file
 * @param {Target} target
 */
export function textAtDestination({ path, text }, target) {
  /** @param {string} name */
  const rename = (name) => {
    const named = resolveName(name, path);
    if (!target.paths.has(named)) return undefined;
    return relativeName(destinationOf(named, target.places), destinationOf(path, target.places));
  };
  if (path.endsWith('.ts')) {
    const kept = pruned({ path, text }, (named) => target.paths.has(named));
    return kept.replace(RELATIVE_NAME, (literal, name) => {
      const renamed = rename(name);
      return renamed ? `'${toImport(renamed, target.isEsModule)}'` : literal;
    });
  }
  if (!path.endsWith('.md')) return text;
  return text
    .replace(OWN_NAME, (_literal, entry) => `'${importOf(entry, target)}'`)
    .replace(LINK, (_link, label, name, anchor = '') => {
      const renamed = rename(name);
      return renamed ? `[${label}](${renamed}${anchor})` : linkToRepository(label, name, path);
    });
}

/**
 * A list of parts without the lines that name other files than these.
 *
 * @param {Pick<LibraryFile, 'path' | 'text'>} file
 * @param {(path: string) => boolean} isCopied
 */
export function pruned({ path, text }, isCopied) {
  if (!LISTS_OF_PARTS.includes(path)) return text;
  return prune(text, (name) => isCopied(resolveName(name, path)));
}

/** @param {string} label @param {string} name @param {string} from */
function linkToRepository(label, name, from) {
  const path = posix.join(FOLDER, posix.dirname(from), name);
  const repository = repositoryUrl();
  if (repository) return `[${label}](${repository}/blob/HEAD/${path})`;
  return label.includes(posix.basename(name)) ? label : `${label} (\`${path}\` of Gatehouse)`;
}

/** The page of this repository: its remote `origin`, without credentials in it. */
function repositoryUrl() {
  const [, host, path] =
    /^(?:https:\/\/(?:[^/@]*@)?|git@)([\w.-]+)[/:](.+?)(?:\.git)?\/?$/.exec(
      git('remote', 'get-url', 'origin')?.trim() ?? '',
    ) ?? [];
  return host && `https://${host}/${path}`;
}

/**
 * How the root module of the service imports the library, or an entry point of it.
 *
 * @param {string | undefined} entry
 * @param {Pick<Target, 'places' | 'isEsModule'>} target
 */
export function importOf(entry, { places, isEsModule }) {
  if (places.alias && !entry) return places.alias;
  const exported = manifest.exports[entry ? `./${entry}` : '.'];
  const source = posix.normalize(exported['@gatehouse/source']);
  const module = posix.join(places.sources, 'app.module.ts');
  const name = toImport(relativeName(destinationOf(source, places), module), isEsModule);
  return isEsModule ? name : name.replace(/\/index$/, '');
}

/** @param {string} path @param {string} from */
function relativeName(path, from) {
  const name = posix.relative(posix.dirname(from), path);
  return name.startsWith('.') ? name : `./${name}`;
}

/**
 * CommonJS resolves './x' to './x.ts' and './x.js', so that no test runner needs a mapping of names.
 *
 * @param {string} name
 * @param {boolean} isEsModule
 */
function toImport(name, isEsModule) {
  return name.replace(/\.ts$/, isEsModule ? '.js' : '');
}

/**
 * The optional parts of this repository. Each has a manifest in parts/, which leaves with its part.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Failure } from '../terminal/command.mjs';
import { unlink } from './unlink.mjs';

/**
 * @typedef {object} Part
 * @property {string} title
 * @property {string[]} paths files and folders to delete, relative to the root; `*` stands for a part of a name
 * @property {import('./edits.mjs').Edit[]} edits
 * @property {string[]} [needs] parts that are removed too
 */

/** Parts that any combination of the others works without. */
const OPTIONAL = [
  ...['dpop', 'token-exchange', 'graphql', 'websockets', 'microservices', 'passport'],
  ...['introspection', 'opentelemetry', 'kubernetes', 'web'],
];
/** The order of the questions of `create`, and of the edits. */
const ORDER = [
  ...['web', 'auth', 'orders', 'billing', 'demo', ...OPTIONAL.filter((name) => name !== 'web')],
  ...['docker', 'library-tests', 'upstream', 'presets', 'issuers-at-run-time', 'explain', 'jobs'],
  ...['repository-files', 'new-service', 'remove'],
];
const FOLDER = 'tools/create/parts';
const MANIFESTS = fileURLToPath(new URL('parts', import.meta.url));

/** The parts that are here, by name. @type {Map<string, Part>} */
export const PARTS = new Map();
for (const name of ORDER.filter((name) => existsSync(join(MANIFESTS, `${name}.mjs`)))) {
  const { part } = await import(pathToFileURL(join(MANIFESTS, `${name}.mjs`)).href);
  PARTS.set(name, part);
}

/** The optional parts that are here. */
export const optionalParts = () => OPTIONAL.filter((name) => PARTS.has(name));

/**
 * Names of parts with those that are removed with them, in the order of the edits.
 *
 * @param {readonly string[]} names
 */
export function withNeeds(names) {
  const all = new Set(names);
  // Iteration over a set includes the names that are added meanwhile.
  for (const name of all) {
    for (const needed of partNamed(name).needs ?? []) if (PARTS.has(needed)) all.add(needed);
  }
  return [...PARTS.keys()].filter((name) => all.has(name));
}

/** @param {string} name */
function partNamed(name) {
  const part = PARTS.get(name);
  if (part) return part;
  const reason = ORDER.includes(name) ? 'was removed before' : 'is not a part';
  throw new Failure(`${name} ${reason}. The parts are ${[...PARTS.keys()].join(', ')}.`);
}

/**
 * Deletes the files of parts, edits the files that name them, and removes links to deleted files from Markdown files.
 *
 * @param {string} root of the repository to change
 * @param {readonly string[]} names
 * @param {{ skipsFaults?: boolean, files?: readonly string[] }} [options] `skipsFaults`: an edit that does not fit is for the
 *   user; `files`: those of the repository. Files of the parts may be missing already.
 * @returns {{ removed: string[], deleted: string[], edited: string[], byHand: string[] }} names, paths relative to the root,
 *   and the faults of the edits that were skipped
 * @throws {Failure} for an unknown part, and for edits that do not fit their files. Nothing has changed then.
 */
export function removeParts(root, names, { skipsFaults = false, files = filesBelow(root) } = {}) {
  const removed = withNeeds(names);
  const deleted = filesOfParts(removed, files);
  const { texts, faults } = editTexts(root, { parts: removed, deleted });
  if (faults.length > 0 && !skipsFaults) throw new Failure(faults.join('\n'));
  deleteParts(root, { removed, deleted });
  for (const [file, text] of texts) writeFileSync(join(root, file), text);
  const unlinked = unlinkAll(root, { before: files, deleted });
  return {
    removed,
    deleted: [...deleted].sort(),
    edited: [...new Set([...texts.keys(), ...unlinked])].sort(),
    byHand: faults,
  };
}

/**
 * The new texts of files, by path. Files that are missing need no edit.
 *
 * @param {string} root
 * @param {{ parts: readonly string[], deleted: ReadonlySet<string> }} removal
 */
function editTexts(root, { parts, deleted }) {
  /** @type {Map<string, string>} */
  const texts = new Map();
  /** @type {string[]} */
  const faults = [];
  for (const { file, change } of parts.flatMap((name) => partNamed(name).edits)) {
    if (deleted.has(file) || !existsSync(join(root, file))) continue;
    try {
      texts.set(file, change(texts.get(file) ?? readText(join(root, file))));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      faults.push(error.message);
    }
  }
  return { texts, faults };
}

/** @param {string} path */
const readText = (path) => readFileSync(path, 'utf8').replaceAll('\r\n', '\n');

/**
 * The files that leave with parts.
 *
 * @param {readonly string[]} names
 * @param {readonly string[]} files
 */
export const filesOfParts = (names, files) =>
  new Set(withNeeds(names).flatMap((name) => filesOfPart(name, files)));

/**
 * The files that belong to a part alone.
 *
 * @param {string} name
 * @param {readonly string[]} files
 */
export function filesOfPart(name, files) {
  const paths = [...partNamed(name).paths, `${FOLDER}/${name}.mjs`];
  const patterns = paths.map((path) => patternOf(path));
  return files.filter((file) => patterns.some((pattern) => pattern.test(file)));
}

/** @param {string} path a path, or a glob in which `*` stands for a part of a name */
export function patternOf(path) {
  const escaped = path.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
  return new RegExp(`^${escaped}(?:/|$)`);
}

/** @param {string} root @param {{ removed: readonly string[], deleted: ReadonlySet<string> }} parts */
function deleteParts(root, { removed, deleted }) {
  // Folders also hold what Git does not track, such as node_modules and dist.
  for (const path of removed.flatMap((name) => partNamed(name).paths))
    rmSync(join(root, path), { recursive: true, force: true });
  for (const file of deleted) deleteFile(root, file);
}

/** @param {string} root @param {string} file */
function deleteFile(root, file) {
  rmSync(join(root, file), { force: true });
  removeEmptyFolders(root, dirname(file));
}

/** @param {string} root @param {string} folder */
function removeEmptyFolders(root, folder) {
  const path = join(root, folder);
  if (folder === '.' || (existsSync(path) && readdirSync(path).length > 0)) return;
  if (existsSync(path)) rmdirSync(path);
  removeEmptyFolders(root, dirname(folder));
}

/** @param {string} root @param {{ before: readonly string[], deleted: ReadonlySet<string> }} files */
function unlinkAll(root, { before, deleted }) {
  const missing = new Set(before.flatMap((file) => [file, ...foldersOf(file)]));
  for (const file of before.filter((file) => !deleted.has(file))) {
    for (const path of [file, ...foldersOf(file)]) missing.delete(path);
  }
  return before.filter((file) => {
    if (!file.endsWith('.md') || deleted.has(file)) return false;
    const text = readText(join(root, file));
    const kept = unlink(text, file, missing);
    if (kept !== text) writeFileSync(join(root, file), kept);
    return kept !== text;
  });
}

/** @param {string} file */
function foldersOf(file) {
  const names = file.split('/').slice(0, -1);
  return names.map((_, at) => names.slice(0, at + 1).join('/'));
}

const SKIPPED = new Set(['node_modules', 'dist', '.git', '.nx', 'data', 'output', 'results']);

/**
 * The files of a workspace, relative to it, with slashes, sorted.
 *
 * @param {string} root
 * @param {string} [folder]
 * @returns {string[]}
 */
export function filesBelow(root, folder = '') {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesBelow(root, path);
      return [path.replaceAll(sep, '/')];
    })
    .sort();
}

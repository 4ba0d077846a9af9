/**
 * Merges package.json, package-lock.json and .gatehouse.json by their keys. A merge by lines would report a conflict for two
 * dependencies that stand side by side.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { printJson } from '../terminal/output.mjs';

const MERGED = ['package.json', 'package-lock.json', '.gatehouse.json'];

/** `npm install` corrects a lock file that no longer fits. */
const isLockFile = (/** @type {string} */ path) => path.endsWith('package-lock.json');

/** Both sides changed one value in different ways. */
class BothChanged extends Error {}

/** @typedef {{ base: any, ours: any, theirs: any }} Sides undefined where the value is missing */

/**
 * @param {Sides} sides
 * @param {boolean} isTheirsPreferred where both sides changed a value
 * @returns {any} undefined for a value that is deleted
 */
function mergeValues(sides, isTheirsPreferred) {
  const { base, ours, theirs } = sides;
  if (isDeepStrictEqual(ours, theirs) || isDeepStrictEqual(base, theirs)) return ours;
  if (isDeepStrictEqual(base, ours)) return theirs;
  return mergeChanges(sides, isTheirsPreferred);
}

/** Both sides changed the value. @param {Sides} sides @param {boolean} isTheirsPreferred */
function mergeChanges(sides, isTheirsPreferred) {
  const { ours, theirs } = sides;
  if (isObject(ours) && isObject(theirs)) return mergeObjects(sides, isTheirsPreferred);
  if (Array.isArray(ours) && Array.isArray(theirs)) return mergeLists(sides);
  if (isTheirsPreferred) return theirs;
  // What the user deleted stays deleted.
  if (ours === undefined) return undefined;
  throw new BothChanged();
}

/** @param {unknown} value */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param {Sides} sides @param {boolean} isTheirsPreferred */
function mergeObjects({ base, ours, theirs }, isTheirsPreferred) {
  const merged = keysOf(ours, theirs).map((key) => {
    const sides = { base: base?.[key], ours: ours[key], theirs: theirs[key] };
    return [key, mergeValues(sides, isTheirsPreferred)];
  });
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined));
}

/** The keys of ours, and each new key behind the key that precedes it in theirs. @param {object} ours @param {object} theirs */
function keysOf(ours, theirs) {
  const keys = Object.keys(ours);
  for (const [index, key] of Object.keys(theirs).entries()) {
    if (keys.includes(key)) continue;
    const before = keys.indexOf(Object.keys(theirs)[index - 1] ?? '');
    keys.splice(before === -1 ? keys.length : before + 1, 0, key);
  }
  return keys;
}

/** @param {Sides} sides */
function mergeLists({ base, ours, theirs }) {
  const has = (/** @type {unknown} */ list, /** @type {unknown} */ item) =>
    Array.isArray(list) && list.some((each) => isDeepStrictEqual(each, item));
  return [
    ...ours.filter((/** @type {unknown} */ item) => has(theirs, item) || !has(base, item)),
    ...theirs.filter((/** @type {unknown} */ item) => !has(base, item) && !has(ours, item)),
  ];
}

/** @typedef {{ base: string, ours: string, theirs: string }} Folders */

/**
 * @param {Folders} folders
 * @param {readonly string[]} paths of the files that `theirs` has
 * @returns {Map<string, string>} the merged texts. Files that only lines can merge are left out.
 */
export function mergeJsonFiles({ base, ours, theirs }, paths) {
  /** @type {Map<string, string>} */
  const texts = new Map();
  for (const path of paths.filter((path) => MERGED.includes(basename(path)))) {
    const files = [base, ours, theirs].map((folder) => join(folder, path));
    if (!files.every((file) => existsSync(file))) continue;
    const text = mergeTexts(
      path,
      files.map((file) => readFileSync(file, 'utf8')),
    );
    if (text === undefined) continue;
    texts.set(path, text);
    // Git sees no difference then.
    writeFileSync(files[2], readFileSync(files[0]));
  }
  return texts;
}

/** @param {string} path @param {string[]} texts @returns {string | undefined} */
function mergeTexts(path, texts) {
  try {
    const [base, ours, theirs] = texts.map((text) => JSON.parse(text));
    const merged = mergeValues({ base, ours, theirs }, isLockFile(path));
    return isDeepStrictEqual(merged, ours) ? texts[1] : printJson(path, merged);
  } catch (error) {
    if (error instanceof BothChanged || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

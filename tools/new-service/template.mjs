import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../terminal/command.mjs';
import { filesIn } from '../workspace.mjs';

const FOLDER = fileURLToPath(new URL('template', import.meta.url));
/** With this suffix compiler and linter ignore them, because a template is not valid TypeScript. */
const SUFFIX = '.template';

const templatePaths = () => filesIn(FOLDER).filter((path) => path.endsWith(SUFFIX));

const templateTexts = () => templatePaths().map((path) => readFileSync(join(FOLDER, path), 'utf8'));

/**
 * @param {Record<string, string | number>} words replace `__many__` and the others, in texts and in file names
 * @returns {Map<string, string>} texts by path in the folder of the service
 */
export function filledTemplate(words) {
  /** @param {string} text */
  const fill = (text) =>
    text.replace(/__([A-Za-z]+)__/g, (all, word) => String(words[word] ?? all));
  return new Map(
    templatePaths().map((path) => [
      fill(path.slice(0, -SUFFIX.length)),
      fill(readFileSync(join(FOLDER, path), 'utf8')),
    ]),
  );
}

const WORD = /^[a-z]{3,30}$/;
/** Vague names, and one that Compose uses. */
const REFUSED = ['common', 'shared', 'utils', 'util', 'types', 'helpers', 'postgres'];

/**
 * All spellings of a service's name that the template uses.
 *
 * @param {{ root: string, name: string, one?: string | undefined }} options
 * @throws {Failure} when the name cannot be used
 */
export function namesOf({ root, name, one = singularOf(name) }) {
  requireWord('The name', name);
  if (REFUSED.includes(name)) {
    throw new Failure(`"${name}" does not say what the service is for. Name it by what it keeps.`);
  }
  for (const folder of [`apps/${name}`, `libs/${name}`]) {
    if (existsSync(join(root, folder))) throw new Failure(`${folder} exists.`);
  }
  requireWord('--one', one.replace('-', ''));
  const names = spellings(name, one);
  requireUnused(names);
  return names;
}

/** @param {string} what @param {string} text */
function requireWord(what, text) {
  if (WORD.test(text)) return;
  throw new Failure(`${what} must be one word of 3 to 30 small letters, not "${text}".`);
}

/** A guess from English spelling, which `--one` corrects. A name that is not a plural gets `-entry`. @param {string} name */
function singularOf(name) {
  if (/[^aeiou]ies$/.test(name)) return name.replace(/ies$/, 'y');
  if (/(ss|x|ch|sh)es$/.test(name)) return name.replace(/es$/, '');
  return /[^s]s$/.test(name) && name.length > 3 ? name.replace(/s$/, '') : `${name}-entry`;
}

/** @param {string} many @param {string} one */
function spellings(many, one) {
  const One = one.split('-').map(capital).join('');
  return {
    many,
    Many: capital(many),
    MANY: many.toUpperCase(),
    one,
    One,
    camel: One[0].toLowerCase() + One.slice(1),
    words: one.replace('-', ' '),
    table: one.replace('-', '_'),
    prefix: one.slice(0, 3),
  };
}

/** @param {string} word */
const capital = (word) => word[0].toUpperCase() + word.slice(1);

/**
 * Refuses `Date`, `Module` or `Problem`, which would have two meanings in one file.
 *
 * @param {Record<'many' | 'Many' | 'One', string>} names
 */
function requireUnused({ many, Many, One }) {
  const texts = templateTexts().join('\n');
  const taken = [One, Many, `${Many}Module`].find((word) =>
    new RegExp(`\\b${word}\\b`).test(texts),
  );
  if (taken) {
    throw new Failure(
      `A class ${taken} is in the template already. Choose another name, or --one.`,
    );
  }
  if (!isIdentifier(many)) throw new Failure(`"${many}" is a keyword of JavaScript.`);
}

/** @param {string} word */
function isIdentifier(word) {
  try {
    return new Function(word, '"use strict"') instanceof Function;
  } catch {
    return false;
  }
}

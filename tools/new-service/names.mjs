import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../terminal/failure.mjs';
import { ROOT } from '../workspace.mjs';
import { templateTexts } from './template.mjs';

const WORD = /^[a-z]{3,30}$/;
/** Names that say nothing, as the linter's folders; and one that Compose has. */
const REFUSED = ['common', 'shared', 'utils', 'util', 'types', 'helpers', 'postgres'];

/**
 * All spellings of a service's name that the template asks for.
 *
 * @param {{ name: string, one?: string }} wishes
 * @throws {Failure} that says what is wrong with the name
 */
export function namesOf({ name, one = singularOf(name) }) {
  requireWord('The name', name);
  if (REFUSED.includes(name)) {
    throw new Failure(`"${name}" does not say what the service is for. Name it by what it keeps.`);
  }
  for (const folder of [`apps/${name}`, `libs/${name}`]) {
    if (existsSync(join(ROOT, folder))) throw new Failure(`${folder} exists.`);
  }
  requireWord('What one is called', one.replace('-', ''));
  const names = spellings(name, one);
  requireUnused(names);
  return names;
}

function requireWord(what, text) {
  if (WORD.test(text)) return;
  throw new Failure(`${what} must be one word of 3 to 30 small letters, not "${text}".`);
}

/** A guess, as English is; `--one` says better. What is no plural gets entries. */
function singularOf(name) {
  if (/[^aeiou]ies$/.test(name)) return name.replace(/ies$/, 'y');
  if (/(ss|x|ch|sh)es$/.test(name)) return name.replace(/es$/, '');
  return /[^s]s$/.test(name) && name.length > 3 ? name.replace(/s$/, '') : `${name}-entry`;
}

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

const capital = (word) => word[0].toUpperCase() + word.slice(1);

/** `Date`, `Module` or `Problem` would stand for two things in one file. */
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
  if (!isIdentifier(many)) throw new Failure(`"${many}" is a word of the language.`);
}

function isIdentifier(word) {
  try {
    return new Function(word, '"use strict"') instanceof Function;
  } catch {
    return false;
  }
}

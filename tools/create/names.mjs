/** Replaces the names of this repository by those of the project, in a way that Prettier accepts. */

/** @typedef {{ name: string, scope: string }} Names */

/**
 * What keeps its name: e-mail and web addresses of tests, and the files that say where a copy came from.
 */
const KEPT_AFTER = '(?!\\.example|\\.json|-guards\\.json)';

/** @param {string} name */
export const titleOf = (name) =>
  name
    .split('-')
    .map((word) => `${word[0].toUpperCase()}${word.slice(1)}`)
    .join(' ');

/**
 * @param {string} text
 * @param {Names} names
 */
export function renamed(text, { name, scope }) {
  return text
    .replace(new RegExp(`@gatehouse\\b${KEPT_AFTER}`, 'g'), scope)
    .replace(new RegExp(`(?<!\\.)\\bgatehouse(?=\\b|_)${KEPT_AFTER}`, 'g'), name)
    .replace(/\bGatehouse\b/g, titleOf(name));
}

const WIDTH = 100;

/**
 * Imports and exports of a list on one line where it fits, and on one line per name where it does not.
 *
 * @param {string} text
 */
export function withImportsOfWidth(text) {
  return text.replace(
    /^((?:import|export)(?: type)?) \{([^{}]*)\} from ('[^']+');$/gm,
    (all, keyword, list, source) => {
      if (list.includes('//') || list.includes('/*')) return all;
      const names = list
        .split(',')
        .map((/** @type {string} */ each) => each.trim())
        .filter(Boolean);
      const line = `${keyword} { ${names.join(', ')} } from ${source};`;
      // Prettier leaves the import of one name on one line.
      if (line.length <= WIDTH || names.length === 1) return line;
      return `${keyword} {\n${names.map((/** @type {string} */ each) => `  ${each},\n`).join('')}} from ${source};`;
    },
  );
}

/**
 * Edits of text files, for the manifests of parts. An edit whose pattern is missing fails, so that a manifest cannot become
 * outdated unnoticed. No import from node_modules: `create` and `upgrade` run before `npm ci`.
 */
import { Failure } from '../terminal/command.mjs';
import { printJson } from '../terminal/output.mjs';
import { alignTables } from './unlink.mjs';

/**
 * `file` is relative to the root, with slashes. `change` throws a Failure when it finds nothing to change.
 *
 * @typedef {{ file: string, change: (text: string) => string }} Edit
 */

/**
 * Drops each line that matches.
 *
 * @param {string} file
 * @param {RegExp} pattern
 * @returns {Edit}
 */
export function dropLines(file, pattern) {
  return {
    file,
    change: (text) => {
      const lines = text.split('\n');
      const dropped = lines.flatMap((line, at) => (pattern.test(line) ? [at] : []));
      if (dropped.length === 0) throw noMatch(file, pattern);
      for (const at of dropped.reverse()) cut(lines, at, at);
      return lines.join('\n');
    },
  };
}

/**
 * Drops the lines from the first match of `start` to the next match of `end`, both included.
 *
 * @param {string} file
 * @param {RegExp} start
 * @param {RegExp} end
 * @returns {Edit}
 */
export function dropBlock(file, start, end) {
  return {
    file,
    change: (text) => {
      const lines = text.split('\n');
      const first = lines.findIndex((line) => start.test(line));
      if (first < 0) throw noMatch(file, start);
      const last = lines.findIndex((line, at) => at >= first && end.test(line));
      if (last < 0) throw noMatch(file, end);
      cut(lines, first, last);
      return lines.join('\n');
    },
  };
}

/**
 * Drops tests from a spec file that other tests share: `it(…)` or `describe(…)`, by words of their titles.
 *
 * @param {string} file
 * @param {readonly string[]} titles
 * @returns {Edit}
 */
export function dropTests(file, ...titles) {
  return {
    file,
    change: (text) => {
      const lines = text.split('\n');
      for (const title of titles) {
        const [first, last] = placeOfTest(lines, title);
        if (first < 0 || last < 0) throw noMatch(file, title);
        cut(lines, first, last);
      }
      return lines.join('\n');
    },
  };
}

/** @param {readonly string[]} lines @param {string} title */
function placeOfTest(lines, title) {
  const at = lines.findIndex((line) => line.includes(title));
  const isStart = (/** @type {string} */ line) => /^\s*(it|describe)\w*[.(]/.test(line);
  const first = lines.findLastIndex((line, index) => index <= at && isStart(line));
  const [indent] = /^\s*/.exec(lines[first] ?? '') ?? [''];
  const ends = [`${indent}});`, `${indent});`];
  return [first, lines.findIndex((line, index) => index >= at && ends.includes(line))];
}

/**
 * Drops a section of a Markdown file: its heading, and what follows it until the next heading of its level or above.
 *
 * @param {string} file
 * @param {string} heading with its `#`
 * @returns {Edit}
 */
export function dropSection(file, heading) {
  const [level = ''] = heading.split(' ');
  return {
    file,
    change: (text) => {
      const lines = text.split('\n');
      const first = lines.indexOf(heading);
      if (first < 0) throw noMatch(file, heading);
      const isNext = (/** @type {string} */ line) =>
        /^#+ /.test(line) && line.indexOf(' ') <= level.length;
      const next = lines.findIndex((line, at) => at > first && isNext(line));
      lines.splice(first, (next < 0 ? lines.length : next) - first);
      return `${lines.join('\n').trimEnd()}\n`;
    },
  };
}

/**
 * Drops settings from the two documents that are generated from the schemas of the apps.
 *
 * @param {readonly string[]} names
 * @returns {Edit[]}
 */
export function dropSettings(...names) {
  const of = names.join('|');
  const table = 'docs/configuration.md';
  const example = '.env.example';
  return [
    {
      file: table,
      change: (text) => alignTables(dropLines(table, new RegExp(`^\\| \`(${of})\``)).change(text)),
    },
    replaceText(example, new RegExp(`(?:^# .*\\n)+#(${of})=.*\\n\\n?`, 'gm'), ''),
  ];
}

/**
 * Removes lines, and the blank lines and line ends that a formatter would remove after that.
 *
 * @param {string[]} lines
 * @param {number} first
 * @param {number} last
 */
function cut(lines, first, last) {
  const [before = '', after = ''] = [lines[first - 1], lines[last + 1]];
  lines.splice(first, last - first + 1);
  const seam = `${before}\n${after}`;
  if (/[{[(]\n\s*[}\])]/.test(seam)) lines.splice(first - 1, 2, before + after.trimStart());
  else if (/([{[(]|^)\n$/.test(seam)) lines.splice(first, 1);
  else if (/^\n\s*[}\])]/.test(seam)) lines.splice(first - 1, 1);
}

/**
 * Replaces a text wherever it is.
 *
 * @param {string} file
 * @param {string | RegExp} from
 * @param {string} to
 * @returns {Edit}
 */
export function replaceText(file, from, to) {
  return {
    file,
    change: (text) => {
      const isThere = typeof from === 'string' ? text.includes(from) : text.search(from) >= 0;
      if (!isThere) throw noMatch(file, from);
      return typeof from === 'string' ? text.replaceAll(from, () => to) : text.replace(from, to);
    },
  };
}

/**
 * Removes the member of an object, or the element of a list, at the end of each path.
 *
 * @param {string} file
 * @param {readonly (readonly string[])[]} paths
 * @returns {Edit}
 */
export function dropJson(file, ...paths) {
  return editJson(file, (value) => {
    for (const path of paths) {
      const name = /** @type {string} */ (path.at(-1));
      const parent = path.slice(0, -1).reduce((object, key) => object?.[key], value);
      const at = Array.isArray(parent) ? parent.indexOf(name) : -1;
      if (at >= 0) parent.splice(at, 1);
      else if (parent && Object.hasOwn(parent, name)) delete parent[name];
      else throw noMatch(file, path.join('.'));
    }
  });
}

/**
 * @param {string} file
 * @param {(value: any) => void} edit changes the value in place
 * @returns {Edit}
 */
export function editJson(file, edit) {
  return {
    file,
    change: (text) => {
      const value = JSON.parse(text);
      edit(value);
      return printJson(file, value);
    },
  };
}

/** @param {string} file @param {string | RegExp} pattern */
function noMatch(file, pattern) {
  return new Failure(`${file} has no match of ${pattern}. Correct the manifest of the part.`);
}

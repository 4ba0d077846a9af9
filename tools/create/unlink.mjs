import { posix } from 'node:path';

/**
 * Removes links to missing files from a Markdown file. The text of a link stays. A list item that begins with such a link, an
 * element of a list of links in a cell, and a table row with a cell of such links only are dropped. So is a section without text.
 *
 * @param {string} text
 * @param {string} path of the file, relative to the root
 * @param {ReadonlySet<string>} missing files and folders, relative to the root
 */
export function unlink(text, path, missing) {
  /** @param {string} target */
  const isMissing = (target) => {
    const [file] = target.split('#');
    if (file === '' || /^\w+:/.test(target)) return false;
    return missing.has(
      posix.join(posix.dirname(path), decodeURIComponent(file)).replace(/\/$/, ''),
    );
  };
  if (!linksIn(text).some(isMissing)) return text;
  const blocks = blocksOf(text.split('\n')).map((lines) =>
    isRow(lines[0]) ? unlinkTable(lines, isMissing) : unlinkProse(lines, isMissing),
  );
  return withoutGaps(blocks.flat().join('\n'));
}

/** A heading before another of its level, and more than one empty line, are left where a table or a list was. @param {string} text */
const withoutGaps = (text) =>
  text.replace(/^(#{2,}) .*\n+(?=\1 )/gm, '').replace(/\n{3,}/g, '\n\n');

/**
 * Aligns the columns of all tables, after rows were dropped.
 *
 * @param {string} text
 */
export function alignTables(text) {
  return blocksOf(text.split('\n'))
    .flatMap((lines) => (isRow(lines[0]) ? printTable(lines.map(cellsOf)) : lines))
    .join('\n');
}

/** @typedef {(target: string) => boolean} IsMissing */

const LINK = /\[((?:[^[\]]|\[[^\]]*\])*)\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g;

/** @param {string} text */
const linksIn = (text) => [...text.matchAll(LINK)].map(([, , target]) => target);

/** @param {string} line */
const isRow = (line) => /^\s*\|.*\|\s*$/.test(line);

/** @param {string} text @param {IsMissing} isMissing */
const withoutLinks = (text, isMissing) =>
  text.replace(LINK, (link, label, target) => (isMissing(target) ? label : link));

/**
 * Tables, list items with their further lines, and single lines.
 *
 * @param {string[]} lines
 */
function blocksOf(lines) {
  /** @type {string[][]} */
  const blocks = [];
  for (const line of lines) {
    const last = blocks.at(-1);
    if (last && continues(last, line)) last.push(line);
    else blocks.push([line]);
  }
  return blocks;
}

/** @param {string[]} block @param {string} line */
function continues([first], line) {
  if (isRow(first)) return isRow(line);
  const [item, indent] = /^(\s*)(?:[-*]|\d+\.) /.exec(first) ?? [];
  if (item === undefined || line.trim() === '') return false;
  return line.length - line.trimStart().length > indent.length;
}

/** @param {string[]} lines @param {IsMissing} isMissing */
function unlinkProse(lines, isMissing) {
  const text = lines.join('\n');
  const [, target] =
    /^\s*(?:[-*]|\d+\.) \*{0,2}\[(?:[^[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)/.exec(text) ?? [];
  if (target && isMissing(target)) return [];
  return withoutLinks(text, isMissing).split('\n');
}

/** @param {string[]} lines @param {IsMissing} isMissing */
function unlinkTable(lines, isMissing) {
  const rows = lines.map((line) => cellsOf(line).map((cell) => unlinkCell(cell, isMissing)));
  const kept = rows.filter((cells) => !cells.includes(undefined));
  // Without rows, only the heading and the line below it are left.
  return kept.length <= 2 ? [] : printTable(/** @type {string[][]} */ (kept));
}

/**
 * @param {string} cell
 * @param {IsMissing} isMissing
 * @returns {string | undefined} undefined if it had links to missing files only
 */
function unlinkCell(cell, isMissing) {
  const elements = cell.split(/, (?=\[)/);
  const kept = elements.filter((element) => {
    const [link, , target] = [...element.matchAll(LINK)][0] ?? [];
    return link !== element || !isMissing(target);
  });
  if (kept.length === 0) return undefined;
  return withoutLinks(kept.join(', '), isMissing);
}

/** @param {string} row */
function cellsOf(row) {
  const cells = row
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/);
  return cells.map((cell) => cell.trim());
}

/**
 * Aligns the columns as Prettier does.
 *
 * @param {string[][]} rows the second is the delimiter row
 */
function printTable(rows) {
  const widths = rows[0].map((_, at) =>
    Math.max(3, ...rows.filter((_, row) => row !== 1).map((cells) => (cells[at] ?? '').length)),
  );
  return rows.map((cells, row) => {
    const padded = widths.map((width, at) =>
      row === 1 ? delimiter(cells[at], width) : pad(cells[at] ?? '', width, rows[1][at]),
    );
    return `| ${padded.join(' | ')} |`;
  });
}

/** @param {string} cell @param {number} width */
function delimiter(cell, width) {
  const [left, right] = [cell.startsWith(':') ? ':' : '-', cell.endsWith(':') ? ':' : '-'];
  return `${left}${'-'.repeat(width - 2)}${right}`;
}

/** @param {string} cell @param {number} width @param {string} delimiter */
function pad(cell, width, delimiter) {
  return delimiter.endsWith(':') && !delimiter.startsWith(':')
    ? cell.padStart(width)
    : cell.padEnd(width);
}

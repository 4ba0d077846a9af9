/**
 * Markdown documents and the parts that the checks need (CommonMark 0.31: fenced code blocks, inline links, ATX headings).
 * This is our own code and not remark, because remark with tables and positions installs about sixty packages.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '../workspace.mjs';

/** @typedef {{ path: string, lines: readonly string[] }} Document a Markdown file by its path below the root */
/** @typedef {{ lines: readonly string[] }} Text */
/** @typedef {{ info: string, line: number, code: string }} CodeBlock */
/** @typedef {{ text: string, target: string, line: number }} Link */

const SKIPPED = new Set(['node_modules', 'dist', '.git', '.nx', 'data', 'output', 'results']);

/** All Markdown files of the repository, sorted by path. */
export function documents() {
  return markdownFiles(ROOT)
    .map((file) => documentOf(relative(ROOT, file).replaceAll('\\', '/')))
    .sort((one, other) => one.path.localeCompare(other.path));
}

/** @param {string} path @returns {Document} */
export function documentOf(path) {
  return { path, lines: readFileSync(join(ROOT, path), 'utf8').split(/\r?\n/) };
}

/** @param {string} folder @returns {string[]} */
function markdownFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const FENCE = /^ {0,3}(`{3,}|~{3,}) *(.*?) *$/;
const LINK = /\[((?:[^[\]]|\[[^\]]*\])*)\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g;
const DEFINITION = /^ {0,3}\[([^\]]+)\]: *(\S+)/;
const HEADING = /^ {0,3}#{1,6} +(.*?)(?: +#+)? *$/;

/**
 * Fenced code blocks. `line` is that of the first line of code, counted from 1.
 *
 * @param {Text} document
 * @returns {CodeBlock[]}
 */
export function codeBlocksOf({ lines }) {
  /** @type {CodeBlock[]} */
  const blocks = [];
  /** @type {{ fence: string, info: string, line: number } | undefined} */
  let open;
  lines.forEach((text, index) => {
    const [, fence = '', info = ''] = FENCE.exec(text) ?? [];
    if (!open && fence) open = { fence, info, line: index + 2 };
    else if (open && isEndOf(open.fence, { fence, info })) {
      const code = lines.slice(open.line - 1, index);
      blocks.push({ info: open.info, line: open.line, code: `${code.join('\n')}\n` });
      open = undefined;
    }
  });
  return blocks;
}

/** @param {string} opening @param {{ fence: string, info: string }} line */
function isEndOf(opening, { fence, info }) {
  return fence[0] === opening[0] && fence.length >= opening.length && info === '';
}

/**
 * Links outside of code blocks, except HTML links.
 *
 * @param {Text} document
 * @returns {Link[]}
 */
export function linksOf(document) {
  return proseOf(document).flatMap(({ text, line }) => {
    const [, name, target] = DEFINITION.exec(text) ?? [];
    const inline = [...text.matchAll(LINK)].map(([, text, target]) => ({ text, target, line }));
    return name ? [...inline, { text: name, target, line }] : inline;
  });
}

/**
 * The names that GitHub gives to the headings, for links with `#`.
 *
 * @param {Text} document
 * @returns {Set<string>}
 */
export function anchorsOf(document) {
  /** @type {Set<string>} */
  const anchors = new Set();
  for (const { text } of proseOf(document)) {
    const heading = HEADING.exec(text)?.[1];
    if (heading === undefined) continue;
    const name = anchorOf(heading);
    let unique = name;
    for (let n = 1; anchors.has(unique); n += 1) unique = `${name}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}

/** @param {string} heading */
function anchorOf(heading) {
  const words = heading.replace(LINK, '$1').toLowerCase();
  return words.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-');
}

/**
 * The rows of all tables, without their headings and delimiter rows.
 *
 * @param {Text} document
 * @returns {{ cells: string[], line: number }[]}
 */
export function tableRowsOf(document) {
  const rows = proseOf(document).filter(({ text }) => /^\s*\|.*\|\s*$/.test(text));
  const isDelimiter = ({ text } = { text: '' }) => /^[\s|:-]+$/.test(text);
  return rows
    .filter((row, at) => !isDelimiter(row) && !isDelimiter(rows[at + 1]))
    .map(({ text, line }) => ({ line, cells: cellsOf(text) }));
}

/** @param {string} row */
function cellsOf(row) {
  const cells = row
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/);
  return cells.map((cell) => cell.replaceAll('\\|', '|').trim());
}

/** @param {Text} document */
function proseOf({ lines }) {
  const inCode = new Set();
  for (const { line, code } of codeBlocksOf({ lines })) {
    const end = line + code.split(/\r?\n/).length - 1;
    for (let n = line - 1; n <= end; n += 1) inCode.add(n);
  }
  return lines
    .map((text, index) => ({ text, line: index + 1 }))
    .filter(({ line }) => !inCode.has(line));
}

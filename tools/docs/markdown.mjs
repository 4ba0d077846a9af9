/** The little of Markdown that the checks need (CommonMark 0.31: fenced code blocks, inline links, ATX headings). */

const FENCE = /^ {0,3}(`{3,}|~{3,}) *(.*?) *$/;
const LINK = /\[((?:[^[\]]|\[[^\]]*\])*)\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g;
const DEFINITION = /^ {0,3}\[([^\]]+)\]: *(\S+)/;
const HEADING = /^ {0,3}#{1,6} +(.*?)(?: +#+)? *$/;

/**
 * Fenced code blocks. `line` is that of the first line of code, counted from 1.
 *
 * @param {import('./documents.mjs').Document} document
 * @returns {{ info: string, line: number, code: string }[]}
 */
export function codeBlocksOf({ lines }) {
  const blocks = [];
  let open;
  lines.forEach((text, index) => {
    const [, fence, info] = FENCE.exec(text) ?? [];
    if (!open && fence) open = { fence, info, line: index + 2 };
    else if (open && isEndOf(open.fence, { fence, info })) {
      const code = lines.slice(open.line - 1, index);
      blocks.push({ info: open.info, line: open.line, code: `${code.join('\n')}\n` });
      open = undefined;
    }
  });
  return blocks;
}

/**
 * Links outside of code blocks, those of HTML excepted.
 *
 * @returns {{ text: string, target: string, line: number }[]}
 */
export function linksOf(document) {
  return proseOf(document).flatMap(({ text, line }) => {
    const [, name, target] = DEFINITION.exec(text) ?? [];
    const inline = [...text.matchAll(LINK)].map(([, text, target]) => ({ text, target, line }));
    return name ? [...inline, { text: name, target, line }] : inline;
  });
}

/** @returns {Set<string>} what may stand behind `#`: GitHub's names for the headings */
export function anchorsOf(document) {
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

/** @returns {{ cells: string[], line: number }[]} the rows of all tables, without headings and the lines under them */
export function tableRowsOf(document) {
  const rows = proseOf(document).filter(({ text }) => /^\s*\|.*\|\s*$/.test(text));
  const isDelimiter = ({ text } = { text: '' }) => /^[\s|:-]+$/.test(text);
  return rows
    .filter((row, at) => !isDelimiter(row) && !isDelimiter(rows[at + 1]))
    .map(({ text, line }) => ({ line, cells: cellsOf(text) }));
}

function cellsOf(row) {
  const cells = row
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/);
  return cells.map((cell) => cell.replaceAll('\\|', '|').trim());
}

function anchorOf(heading) {
  const words = heading.replace(LINK, '$1').toLowerCase();
  return words.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-');
}

function proseOf({ lines, ...document }) {
  const inCode = new Set();
  for (const { line, code } of codeBlocksOf({ lines, ...document })) {
    const end = line + code.split('\n').length - 1;
    for (let n = line - 1; n <= end; n += 1) inCode.add(n);
  }
  return lines
    .map((text, index) => ({ text, line: index + 1 }))
    .filter(({ line }) => !inCode.has(line));
}

function isEndOf(opening, { fence = '', info }) {
  return fence[0] === opening[0] && fence.length >= opening.length && info === '';
}

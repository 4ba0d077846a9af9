import { styleText } from 'node:util';

/** @typedef {(style: any, text: string) => string} Paint colours a text */

/**
 * Colours for a stream that is a terminal. Node honours NO_COLOR and FORCE_COLOR.
 *
 * @param {NodeJS.WriteStream} stream
 * @returns {Paint}
 */
export function coloursFor(stream) {
  const coloured = stream.isTTY && stream.hasColors();
  return coloured ? (style, text) => styleText(style, text) : (_style, text) => text;
}

/**
 * Makes text from outside safe for a terminal: control characters move the cursor, format characters reverse text.
 *
 * @param {string} text
 */
export function escapeControlCharacters(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}

/** @param {number} start of `performance.now()` @param {number} [digits] */
export function secondsSince(start, digits = 1) {
  return ((performance.now() - start) / 1000).toFixed(digits);
}

/**
 * Shows what the command waits for, with the elapsed time: one line that counts on a terminal, two lines elsewhere.
 *
 * @template T
 * @param {{ stream: NodeJS.WriteStream, doing: string, done: string }} line
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withProgress({ stream, doing, done }, work) {
  const start = performance.now();
  const tick = () => stream.write(`\r${doing} … ${secondsSince(start, 0)} s`);
  const timer = stream.isTTY ? setInterval(tick, 1000) : undefined;
  stream.write(stream.isTTY ? `${doing} …` : `${doing} …\n`);
  let outcome = `${doing} stopped after`;
  try {
    const result = await work();
    outcome = `${done} in`;
    return result;
  } finally {
    clearInterval(timer);
    // Erase in line: the counter may be longer than the text that replaces it.
    stream.write(`${stream.isTTY ? '\r\u001b[K' : ''}${outcome} ${secondsSince(start)} s\n`);
  }
}

const LINE_WIDTH = 100;

/**
 * Formats as Prettier does: it prints package.json as `JSON.stringify` does, and short lists of other files on one line.
 *
 * @param {string} file
 * @param {unknown} value
 */
export function printJson(file, value) {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (/(^|\/)package(-lock)?\.json$/.test(file)) return text;
  return text.replace(/^(.*)\[\n([^[\]{}]*?)\n\s*\](,?)$/gm, (whole, before, items, comma) => {
    const line = `${before}[${items.trim().replace(/\n\s*/g, ' ')}]${comma}`;
    return line.length <= LINE_WIDTH ? line : whole;
  });
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The text of a file, with line ends as on Linux: Git on Windows may check files out with CRLF. @param {string} file */
export function readText(file) {
  return readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
}

/** The text of a file; empty without the file. @param {string} file */
export function textOf(file) {
  return existsSync(file) ? readText(file) : '';
}

/** @param {string} root @param {RegExp} names */
export function filesNamed(root, names) {
  return existsSync(root) ? readdirSync(root).filter((name) => names.test(name)) : [];
}

/**
 * @param {string} text
 * @param {(object: Record<string, any>) => object} edit
 * @returns {string | undefined} undefined if the text is not JSON, for example because it has comments
 */
export function editJson(text, edit) {
  try {
    return `${JSON.stringify(edit(JSON.parse(text)), undefined, 2)}\n`;
  } catch {
    return undefined;
  }
}

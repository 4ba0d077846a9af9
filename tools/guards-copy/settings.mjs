import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { editJson, filesNamed, textOf } from './files.mjs';
import { testRunnerSettings } from './test-runners.mjs';

/** @typedef {import('./service.mjs').Service} Service */
/** @typedef {import('./service.mjs').Places} Places */

/**
 * Lines for a file of the service, so that its linters and test runners leave the copy alone, or can read it.
 *
 * @typedef {object} Setting
 * @property {string} file in the service
 * @property {string} where in the file
 * @property {string[]} lines
 * @property {string[]} marks texts that the file has if it has the lines
 * @property {(text: string) => string | undefined} apply the file with the lines; undefined if they must be added by hand
 */

/** @typedef {Setting & { isWritable: boolean }} PlannedSetting */

/**
 * The settings that the service does not have yet.
 *
 * @param {Service} service
 * @param {Places} places
 * @param {ReadonlySet<string>} parts
 * @returns {PlannedSetting[]}
 */
export function settingsFor(service, places, parts) {
  const folders = [places.library, ...(parts.has('testing') ? [places.tests] : [])];
  return [
    ...linterSettings(service.folder, folders),
    ...(service.declares('prettier') ? [prettierIgnore(folders)] : []),
    ...(parts.has('tests') ? testRunnerSettings(service, places) : []),
  ].flatMap((setting) => {
    const text = textOf(join(service.folder, setting.file));
    if (setting.marks.every((mark) => text.includes(mark))) return [];
    return [{ ...setting, isWritable: setting.apply(text) !== undefined }];
  });
}

/**
 * Writes the settings that need no decision.
 *
 * @param {string} folder
 * @param {Setting[]} settings
 */
export function applySettings(folder, settings) {
  for (const { file, apply } of settings) {
    const text = apply(textOf(join(folder, file)));
    if (text !== undefined) writeFileSync(join(folder, file), text);
  }
}

/** @param {string[]} folders @returns {Setting} */
function prettierIgnore(folders) {
  const lines = folders.map((folder) => `${folder}/`);
  return {
    file: '.prettierignore',
    where: 'on lines of their own',
    lines,
    marks: lines,
    apply: (text) => {
      const missing = lines.filter((line) => !text.split(/\r?\n/).includes(line));
      const start = text === '' || text.endsWith('\n') ? text : `${text}\n`;
      return `${start}${missing.join('\n')}\n`;
    },
  };
}

/**
 * Configurations of linters: the line for one, and the start of the list that gets the folders.
 *
 * @type {{ files: RegExp, where: string, line: (globs: string[]) => string, list?: RegExp }[]}
 */
const LINTERS = [
  {
    files: /^eslint\.config\.[cm]?[jt]s$/,
    where: 'first in the exported list',
    line: (globs) => `{ ignores: [${globs.map((glob) => `'${glob}'`).join(', ')}] },`,
    // An object with `ignores` alone. Beside other properties it would ignore the files for those properties only.
    list: /(\{\s*ignores:\s*\[)(?=[^\]]*\],?\s*\})/,
  },
  {
    files: /^\.eslintrc\.c?js$/,
    where: 'in the exported object',
    line: (globs) => `ignorePatterns: [${globs.map((glob) => `'${glob}'`).join(', ')}],`,
    list: /(ignorePatterns:\s*\[)/,
  },
  {
    files: /^(?:\.eslintrc(?:\.json)?|\.oxlintrc\.jsonc?)$/,
    where: 'in the outermost object',
    line: (globs) => `"ignorePatterns": ${JSON.stringify(globs)},`,
  },
];

/** @param {string} root @param {string[]} folders @returns {Setting[]} */
function linterSettings(root, folders) {
  const globs = folders.map((folder) => `${folder}/**`);
  return LINTERS.flatMap(({ files, where, line, list }) =>
    filesNamed(root, files).map((file) => ({
      file,
      where,
      lines: [line(globs)],
      marks: globs,
      apply: (text) => {
        const missing = globs.filter((glob) => !text.includes(glob));
        return list ? withItems(text, list, missing) : withIgnorePatterns(text, missing);
      },
    })),
  );
}

/** @param {string} text @param {RegExp} list @param {string[]} items */
function withItems(text, list, items) {
  if (!list.test(text)) return undefined;
  const quoted = items.map((item) => `'${item}', `).join('');
  return text
    .replace(list, (start) => start + quoted)
    .replace(`${quoted}]`, `${quoted.slice(0, -2)}]`);
}

/** Undefined if the text has comments. @param {string} text @param {string[]} globs */
function withIgnorePatterns(text, globs) {
  return editJson(text, (object) => ({
    ...object,
    ignorePatterns: [...(object.ignorePatterns ?? []), ...globs],
  }));
}

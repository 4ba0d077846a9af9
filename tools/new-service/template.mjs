import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesIn } from '../workspace.mjs';

const FOLDER = fileURLToPath(new URL('template', import.meta.url));
/** With this suffix compiler and linter ignore them, because a template is not valid TypeScript. */
const SUFFIX = '.template';

const templatePaths = () => filesIn(FOLDER).filter((path) => path.endsWith(SUFFIX));

export const templateTexts = () =>
  templatePaths().map((path) => readFileSync(join(FOLDER, path), 'utf8'));

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

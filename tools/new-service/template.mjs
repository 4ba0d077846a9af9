import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('template', import.meta.url));
const SUFFIX = '.template';

/** They are no sources until they have their names, and are no `.ts` for compiler and linter until then. */
function templates() {
  return readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(SUFFIX))
    .map((entry) => join(entry.parentPath, entry.name));
}

export const templateTexts = () => templates().map((file) => readFileSync(file, 'utf8'));

/**
 * @param {Record<string, string | number>} words what stands for `__many__` and the others, in texts and in names of files
 * @returns {Map<string, string>} texts by path in the service's folder
 */
export function filled(words) {
  const fill = (text) =>
    text.replace(/__([A-Za-z]+)__/g, (all, word) => (word in words ? words[word] : all));
  return new Map(
    templates().map((file) => {
      const path = relative(FOLDER, file).replaceAll('\\', '/').slice(0, -SUFFIX.length);
      return [fill(path), fill(readFileSync(file, 'utf8'))];
    }),
  );
}

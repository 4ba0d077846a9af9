import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '../workspace.mjs';

const NOT_OURS = new Set(['node_modules', 'dist', '.git', '.nx', 'data', 'output', 'results']);

/**
 * A Markdown file of the repository.
 *
 * @typedef {{ path: string, text: string, lines: readonly string[] }} Document
 */

/** @returns {Document[]} every Markdown file, by path relative to the root */
export function documents() {
  return markdownFiles(ROOT)
    .map((file) => documentOf(relative(ROOT, file).replaceAll('\\', '/')))
    .sort((one, other) => one.path.localeCompare(other.path));
}

/** @returns {Document} */
export function documentOf(path) {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return { path, text, lines: text.split('\n') };
}

function markdownFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

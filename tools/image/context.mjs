import { cpSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '../workspace.mjs';

/** Copies from the build context, the repository, without what .dockerignore takes out. */
export function copyFromContext(source, target) {
  const isIgnored = ignoreRules(readFileSync(join(ROOT, '.dockerignore'), 'utf8'));
  cpSync(join(ROOT, source), target, {
    recursive: true,
    filter: (path) => !isIgnored(relative(ROOT, path).replaceAll('\\', '/')),
  });
}

/** The last rule that matches counts. A folder that is ignored is not looked into, as none of our exceptions needs. */
function ignoreRules(text) {
  const rules = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ ignores: !line.startsWith('!'), pattern: patternOf(line.replace('!', '')) }));
  return (path) => rules.findLast(({ pattern }) => pattern.test(path))?.ignores ?? false;
}

function patternOf(glob) {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(
    `^${escaped.replace(/\*\*\/|\*/g, (star) => (star === '*' ? '[^/]*' : '(.*/)?'))}$`,
  );
}

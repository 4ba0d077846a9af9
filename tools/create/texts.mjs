/** The texts of a project, from templates/. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { titleOf } from './names.mjs';

/** @typedef {import('./choices.mjs').Choices} Choices */

const TEMPLATES = fileURLToPath(new URL('templates', import.meta.url));

/**
 * @param {string} target
 * @param {Choices} choices
 */
export function writeTexts(target, choices) {
  renameSync(join(target, 'LICENSE'), join(target, 'LICENSE.gatehouse'));
  const facts = factsOf(target, choices);
  for (const name of readdirSync(TEMPLATES)) {
    const text = readFileSync(join(TEMPLATES, name), 'utf8').replaceAll('\r\n', '\n');
    writeFileSync(join(target, name.replace('.template', '')), fill(text, facts));
  }
}

/** @typedef {{ is: Record<string, boolean>, words: Record<string, string> }} Facts */

/** @param {string} target @param {Choices} choices @returns {Facts} */
function factsOf(
  target,
  { name, services, samples, auth, issuer = '', preset = '', parts, database },
) {
  const all = [...(samples ? ['orders', 'billing'] : []), ...services];
  const { scripts } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
  return {
    is: {
      own: auth === 'own',
      external: auth === 'external',
      postgres: database === 'postgres',
      preset: preset !== '',
      samples,
      docker: parts.includes('docker') && existsSync(join(target, 'Dockerfile')),
      kubernetes: parts.includes('kubernetes'),
      smoke: Object.hasOwn(scripts, 'smoke'),
      slow: Object.hasOwn(scripts, 'test:slow'),
    },
    words: {
      title: titleOf(name),
      service: services[0] ?? 'orders',
      services: all
        .map((each) => `\`apps/${each}\``)
        .join(', ')
        .replace(/, ([^,]*)$/, ' and $1'),
      issuer,
      preset,
    },
  };
}

/**
 * Keeps the lines between `<!-- if x -->` and `<!-- end -->` when x holds, and fills in `{{words}}`.
 *
 * @param {string} text
 * @param {Facts} facts
 */
function fill(text, { is, words }) {
  return text
    .replace(/^<!-- if (\w+) -->\n([^]*?)^<!-- end -->\n/gm, (_all, fact, lines) =>
      is[fact] ? lines : '',
    )
    .replace(/\{\{(\w+)\}\}/g, (_all, word) => words[word])
    .replace(/\n{3,}/g, '\n\n');
}

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { Failure } from '../terminal/failure.mjs';
import { ROOT } from '../workspace.mjs';
import { configurationPage } from './configuration-page.mjs';
import { contractPages } from './contracts.mjs';
import { envExample } from './env-example.mjs';
import { GUARDS_README, guardsReadme } from './guards-options.mjs';
import { scopesPage } from './scopes-page.mjs';

export const ENV_EXAMPLE = '.env.example';

const pages = {
  'docs/configuration.md': configurationPage,
  'docs/scopes.md': scopesPage,
  [GUARDS_README]: guardsReadme,
  [ENV_EXAMPLE]: envExample,
  ...contractPages,
};

/** @type {import('./run-checks.mjs').Check} */
export const generated = {
  title: 'Generated documents are those that the code gives',
  mend: 'Run: npm run docs:build',
  faults: async () => {
    const faults = [];
    for (const [path, text] of await rendered()) {
      const line = firstDifference(text, kept(path));
      if (line !== undefined) faults.push({ place: `${path}:${line}`, says: 'differs from here' });
    }
    return faults;
  },
};

export async function writeGeneratedDocuments() {
  for (const [path, text] of await rendered()) {
    const isNew = text !== kept(path);
    if (isNew) write(join(ROOT, path), text);
    process.stdout.write(`${isNew ? 'written  ' : 'unchanged'} ${path}\n`);
  }
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function rendered() {
  if (!existsSync(join(ROOT, 'apps/auth/dist'))) {
    throw new Failure('The apps are not built. Run: npm run build');
  }
  const texts = [];
  for (const [path, render] of Object.entries(pages)) {
    texts.push([path, await formatted(path, await render())]);
  }
  return texts;
}

/** As `npm run format` would leave them. */
async function formatted(path, text) {
  if (path === ENV_EXAMPLE) return text;
  const file = join(ROOT, path);
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}

function kept(path) {
  const file = join(ROOT, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function firstDifference(one, other) {
  if (one === other) return undefined;
  const lines = other.split('\n');
  return one.split('\n').findIndex((line, index) => line !== lines[index]) + 1;
}

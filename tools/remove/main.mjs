/**
 * `npm run remove -- <part>…` takes optional parts out of this repository, of a clone, or of a created project. It needs no
 * installed packages.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, filesOfPart, PARTS, removeParts, withNeeds } from '../create/parts.mjs';
import { defineCommand, Failure, UsageError } from '../terminal/command.mjs';
import { tryGit } from '../terminal/git.mjs';
import { printJson } from '../terminal/output.mjs';
import { ROOT } from '../workspace.mjs';

export const command = defineCommand({
  usage: `Usage: npm run remove -- <part> [<part> …]   deletes the files of optional parts, and edits the files that name them
       npm run remove -- --list             shows the parts that are here
Options:
  --dry-run   shows what would change, and changes nothing
  --force     also with uncommitted changes, and with files that the edits do not fit: it lists what to edit by hand`,
  options: {
    list: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
  },
  allowPositionals: true,
  usageExitCode: 2,
  run: ({ list, 'dry-run': isDryRun, force }, names) => {
    if (!list && names.length === 0) throw new UsageError('Name a part.');
    process.stdout.write(list ? listOfParts() : remove(withNeeds(names), { isDryRun, force }));
  },
});

/** @param {string[]} names @param {{ isDryRun: boolean, force: boolean }} options */
function remove(names, { isDryRun, force }) {
  if (isDryRun) return previewOf(names);
  if (!force) requireCommittedChanges();
  const changes = removeParts(ROOT, names, { skipsFaults: force });
  recordRemoval(names);
  return reportOf(changes);
}

/** Each part with its title, its files and their lines. */
function listOfParts() {
  if (PARTS.size === 0) return 'No optional part is left.\n';
  const files = filesBelow(ROOT);
  const rows = [...PARTS].map(([name, { title }]) => {
    const own = filesOfPart(name, files);
    const lines = own.reduce((sum, file) => sum + linesOf(file), 0);
    return `${name.padEnd(20)} ${String(own.length).padStart(4)} ${String(lines).padStart(7)}  ${title}\n`;
  });
  return `${'part'.padEnd(20)} files   lines  title\n${rows.join('')}`;
}

/** @param {string} file */
const linesOf = (file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1;

/** @param {string[]} names */
function previewOf(names) {
  const files = filesBelow(ROOT);
  const deleted = names.flatMap((name) => filesOfPart(name, files));
  const edited = names.flatMap((name) => PARTS.get(name)?.edits.map(({ file }) => file) ?? []);
  const kept = edited.filter((file) => files.includes(file) && !deleted.includes(file));
  return `Would remove ${names.join(', ')}: ${deleted.length} files.
${linesFor(deleted)}Would edit these files, and documents that link to deleted ones.
${linesFor([...new Set(kept)].sort())}`;
}

/** @throws {Failure} so that `git diff` shows the removal alone, and `git checkout .` undoes it */
function requireCommittedChanges() {
  const { code, output } = tryGit(ROOT, ['status', '--porcelain']);
  if (code !== 0 || output === '') return;
  throw new Failure(`There are uncommitted changes:\n${output}Commit them first, or add --force.`);
}

/** Keeps the choices of a created project true. @param {string[]} names */
function recordRemoval(names) {
  const file = join(ROOT, '.gatehouse.json');
  if (!existsSync(file)) return;
  const record = JSON.parse(readFileSync(file, 'utf8'));
  const { parts, removed = [] } = record.choices ?? {};
  if (!Array.isArray(parts)) return;
  record.choices.parts = parts.filter((/** @type {string} */ name) => !names.includes(name));
  const others = names.filter((name) => !parts.includes(name));
  if (others.length > 0) record.choices.removed = [...new Set([...removed, ...others])];
  writeFileSync(file, printJson(file, record));
}

/** @param {ReturnType<typeof removeParts>} changes */
function reportOf({ removed, deleted, edited, byHand }) {
  const manual = byHand.length > 0 ? `Edit by hand:\n${linesFor(byHand)}` : '';
  return `Removed ${removed.join(', ')}: ${deleted.length} files.
${linesFor(deleted)}Edited:
${linesFor(edited)}${manual}${NEXT}`;
}

/** @param {readonly string[]} items */
const linesFor = (items) => items.map((item) => `  ${item}\n`).join('');

const NEXT = `
Next:
  npm install                     removes the packages that nothing needs now
  npm run lint && npm test        and "git diff" shows what changed
  npm run docs:build              writes the generated documents
`;

/** What an upgrade prints. */

/** @typedef {import('./merge.mjs').Outcome} Outcome */

/**
 * @param {Outcome} outcome
 * @param {{ title: string, isDryRun: boolean }} upgrade
 */
export function reportOf(outcome, { title, isDryRun }) {
  const migrations = outcome.added.filter((path) => /\/migrations\/\d+-/.test(path));
  const lists = [
    listOf('Updated', outcome.updated),
    listOf('Moved', outcome.moved),
    listOf('Added', outcome.added),
    listOf('Deleted', outcome.deleted),
    listOf('Changed by the starter, but deleted here: they stay deleted', outcome.stayDeleted),
    listOf('New migrations', migrations),
    listOf('Conflicts, because the starter deleted what you changed', outcome.deletedByStarter),
    listOf('Conflicts, because both sides changed the same lines', outcome.conflicts),
  ];
  const head = isDryRun
    ? `An upgrade from ${title} would change this. Nothing has changed.`
    : `Upgraded from ${title}.`;
  return `${head}\n\n${lists.join('') || 'No file of this project changes.\n'}`;
}

/** @param {string} title @param {readonly string[]} paths */
const listOf = (title, paths) =>
  paths.length === 0
    ? ''
    : `${title} (${paths.length}):\n${paths.map((path) => `  ${path}\n`).join('')}\n`;

/**
 * @param {Outcome} outcome
 * @param {string} undo
 * @param {boolean} [isChecked] whether `npm install` and `npm test` ran
 */
export function nextSteps({ conflicts, deletedByStarter, added }, undo, isChecked = false) {
  const hasMigrations = added.some((path) => /\/migrations\/\d+-/.test(path));
  const steps = [
    ...(conflicts.length > 0
      ? ['git diff                 shows the conflicts: correct each, then "git add" the file']
      : []),
    ...(deletedByStarter.length > 0
      ? [
          'git add <file>           keeps a file that the starter deleted; "git rm <file>" deletes it',
        ]
      : []),
    ...(isChecked ? [] : ['npm install              installs the packages', 'npm test']),
    ...(hasMigrations ? ['npm run db:migrate       applies the new migrations'] : []),
    'npm run lint && npm run build',
    'git add --all && git commit',
  ];
  return `\nNext:\n${steps.map((step) => `  ${step}\n`).join('')}\n"${undo}" undoes the upgrade, until you commit it.\n`;
}

/**
 * `npm run upgrade -- <path or URL>`: merges a later version of the starter into this project. It needs Git and Node only,
 * because an upgrade may have to repair the packages.
 */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineCommand, Failure, UsageError } from '../terminal/command.mjs';
import { withProgress } from '../terminal/output.mjs';
import { runInForeground } from '../terminal/processes.mjs';
import { ROOT } from '../workspace.mjs';
import { git } from '../terminal/git.mjs';
import { isRepository, mergeProject, unmergedFiles } from './merge.mjs';
import { nextSteps, reportOf } from './report.mjs';
import { addressOf, checkOut, latestVersion, tasksBetween, writeProject } from './source.mjs';

const RECORD = '.gatehouse.json';
const UNDO = 'git reset --hard';

/** @typedef {{ version?: string, commit: string, choices: import('./source.mjs').Choices }} Origin where the project came from */
/** @typedef {import('./source.mjs').Source} Source */
/** @typedef {{ address: string, to?: string, from?: string, isDryRun: boolean, isChecked: boolean }} Wanted */

export const command = defineCommand({
  usage: `Usage: npm run upgrade -- <path or URL> [<options>]   merges a later version of the starter into this project

  <path or URL>        the Git repository of the starter
  --to <tag|commit>    the version; by default the latest release, or HEAD where there is none
  --from <commit>      the commit from which a copy without .gatehouse.json was made
  --dry-run            lists what would change, and changes nothing
  --no-checks          does not run npm install and npm test after the merge`,
  options: {
    to: { type: 'string' },
    from: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    checks: { type: 'boolean', default: true },
  },
  allowPositionals: true,
  allowNegative: true,
  usageExitCode: 2,
  run: async ({ to, from, checks, 'dry-run': isDryRun }, [given, ...others]) => {
    if (!given || others.length > 0) throw new UsageError('Give one path or URL of the starter.');
    requireCleanRepository();
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatehouse-upgrade-')));
    try {
      const wanted = { address: addressOf(given), isDryRun, isChecked: checks !== false };
      await upgrade(folder, { ...wanted, ...(to && { to }), ...(from && { from }) });
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    }
  },
});

/** @throws {Failure} so that one command undoes the upgrade */
function requireCleanRepository() {
  if (!isRepository(ROOT)) {
    throw new Failure(
      'This project is no Git repository. Run: git init && git add --all && git commit',
    );
  }
  const open = [...unmergedFiles(ROOT).keys()];
  if (open.length > 0) {
    throw new Failure(
      `The conflicts of an upgrade are open in:\n${open.map((path) => `  ${path}\n`).join('')}Correct them, then "git add" and "git commit". "${UNDO}" undoes that upgrade.`,
    );
  }
  const changes = git(ROOT, ['status', '--porcelain', '--', '.']);
  if (changes === '') return;
  throw new Failure(
    `There are uncommitted changes:\n${changes}\nCommit them first, or put them aside: git stash --include-untracked`,
  );
}

/** @param {string} folder for temporary files @param {Wanted} wanted */
async function upgrade(folder, wanted) {
  const origin = originOf(wanted);
  const { from, to } = await fetchSources(folder, { ...wanted, commit: origin.commit });
  const title = `${from.version} (${short(from)}) to ${to.version} (${short(to)})`;
  if (from.commit === to.commit) {
    process.stdout.write(`This project is up to date: ${to.version} (${short(to)}).\n`);
    return;
  }
  requireLater({ from, to }, wanted);
  const [base, theirs] = [join(folder, 'base'), join(folder, 'theirs')];
  await writeProject(from, origin.choices, base);
  await writeProject(to, origin.choices, theirs);
  const project = wanted.isDryRun ? cloneOf(folder) : ROOT;
  const services = /** @type {string[]} */ (origin.choices?.services ?? []);
  const message = `build: upgrade the starter from ${title}`;
  const outcome = mergeProject({ project, base, theirs, message, services });
  process.stdout.write(reportOf(outcome, { title, isDryRun: wanted.isDryRun }));
  process.stdout.write(tasksBetween(from, to));
  if (!wanted.isDryRun) finish(outcome, wanted.isChecked);
}

/** @param {Source} source */
const short = ({ commit }) => commit.slice(0, 8);

/** @param {Wanted} wanted @returns {Origin} */
function originOf({ from, address }) {
  const file = join(ROOT, RECORD);
  if (from) return { commit: from, choices: existsSync(file) ? read(file).choices : null };
  if (existsSync(file)) return read(file);
  throw new Failure(
    `There is no ${RECORD}. Git upgrades a clone, because it has the history of the starter: git pull --no-rebase ${address}\nA copy without that history needs the commit from which it was made: --from <commit>`,
  );
}

/** @param {string} file @returns {Origin} */
function read(file) {
  try {
    const { version, commit, choices = null } = JSON.parse(readFileSync(file, 'utf8'));
    if (/^[0-9a-f]{40,64}$/.test(commit)) return { version, commit, choices };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Failure(
    `${RECORD} has no commit of the starter. Restore it: git log --oneline -- ${RECORD}`,
  );
}

/** @param {string} folder @param {Wanted & { commit: string }} wanted */
function fetchSources(folder, { address, commit, to = latestVersion(address) }) {
  const stream = process.stdout;
  return withProgress({ stream, doing: `Fetching ${to}`, done: `Fetched ${to}` }, async () => ({
    from: checkOut({ address, version: commit, folder: join(folder, 'old') }),
    to: checkOut({ address, version: to, folder: join(folder, 'new') }),
  }));
}

/** @param {{ from: Source, to: Source }} sources @param {Wanted} wanted */
function requireLater({ from, to }, wanted) {
  if (wanted.to || to.time >= from.time) return;
  throw new Failure(
    `The latest release ${to.version} is older than the commit ${short(from)} of this project. Name a later version: --to <tag|commit>`,
  );
}

/** The merge of a dry run happens in a copy. @param {string} folder */
function cloneOf(folder) {
  const copy = join(folder, 'copy');
  const [top, prefix] = ['--show-toplevel', '--show-prefix'].map((what) =>
    git(ROOT, ['rev-parse', what]),
  );
  git('.', ['clone', '--quiet', '--shared', top, copy]);
  return join(copy, prefix);
}

/** @param {import('./merge.mjs').Outcome} outcome @param {boolean} isChecked */
function finish(outcome, isChecked) {
  if (outcome.conflicts.length + outcome.deletedByStarter.length > 0) {
    process.exitCode = 1;
    process.stdout.write(nextSteps(outcome, UNDO));
    return;
  }
  const failed = isChecked ? ['install', 'test'].find((command) => !npm(command)) : undefined;
  process.stdout.write(nextSteps(outcome, UNDO, isChecked));
  if (failed === undefined) return;
  process.exitCode = 1;
  process.stderr.write(`\nThe merge is complete, but "npm ${failed}" failed: see above.\n`);
}

/** @param {string} command */
function npm(command) {
  const shell = process.platform === 'win32';
  process.stdout.write(`\n> npm ${command}\n`);
  return runInForeground(['npm', command], { cwd: ROOT, shell }) === 0;
}

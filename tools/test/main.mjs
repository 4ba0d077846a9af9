/**
 * `npm test`, `npm run test:slow`: runs the tests of all projects by Nx, and prints the number of tests per project and in all.
 * A slow file that fails runs once more, alone. When it passes then, its tests are printed as unstable.
 * Options after `--` go to `nx run-many`, such as `-p auth`.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AGAIN, COUNTS_FOLDER, failedFiles, readResults } from '../jest/count-reporter.mjs';
import { defineCommand, UsageError } from '../terminal/command.mjs';
import { runInForeground } from '../terminal/processes.mjs';
import { projectFolders, ROOT } from '../workspace.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ project: string, file: string, tests: string[] }} FailedFile */
/** @typedef {{ project: string, counts: Counts | undefined }} Row */

const TARGETS = ['test', 'test-slow'];
/** More failures have a common cause. */
const MAX_UNSTABLE = 3;
const NX = join(ROOT, 'node_modules/nx/dist/bin/nx.js');

export const command = defineCommand({
  usage: 'Usage: node tools/run.mjs test test|test-slow [<options of nx run-many>]',
  options: {},
  passThrough: true,
  run: (_values, [target = '', ...options]) => {
    if (!TARGETS.includes(target)) throw new UsageError(`The target is ${TARGETS.join(' or ')}.`);
    // Nx writes or restores the counts of the tasks that it runs. Those of other projects must not be counted.
    rmSync(COUNTS_FOLDER, { recursive: true, force: true });
    // Some slow tests of the apps measure, and some build: `parallelism` of their package.json lets no other project run meanwhile.
    const exitCode = runNx(target, options);
    const failed = exitCode === 0 ? [] : failuresOf(target);
    const last = canRunAgain(target, failed) ? runNx(target, options, { [AGAIN]: '1' }) : exitCode;
    printUnstable(failed, failuresOf(target));
    const isComplete = printCounts(rowsOf(target, options), target);
    process.exitCode = last || (isComplete ? 0 : 1);
  },
});

/** Names of the projects that have a target. @param {string} target */
function projectsWith(target) {
  return projectFolders()
    .map((folder) => join(ROOT, folder, 'package.json'))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')))
    .filter(({ scripts = {} }) => Object.hasOwn(scripts, target))
    .map(({ nx, name }) => nx?.name ?? name);
}

/** @param {string} target @param {FailedFile[]} failed */
const canRunAgain = (target, { length }) =>
  target === 'test-slow' && length > 0 && length <= MAX_UNSTABLE;

/** @param {string} target @param {string[]} options @param {Record<string, string>} [env] */
const runNx = (target, options, env = {}) =>
  runInForeground([process.execPath, NX, 'run-many', '-t', target, ...options], {
    cwd: ROOT,
    env: { ...process.env, ...env },
  });

/** @param {string} target @param {string[]} options @returns {Row[]} */
function rowsOf(target, options) {
  const rows = projectsWith(target).map((project) => ({
    project,
    counts: countsOf(project, target),
  }));
  // With options, Nx may have run some of the projects only.
  return options.length > 0 ? rows.filter(({ counts }) => counts) : rows;
}

/** @param {string} target @returns {FailedFile[]} */
const failuresOf = (target) =>
  projectsWith(target).flatMap((project) => {
    const results = readResults(project, target) ?? {};
    return failedFiles(results).map((file) => ({
      ...{ project, file },
      tests: results[file]?.failures ?? [],
    }));
  });

/** @param {FailedFile[]} before @param {FailedFile[]} after a second run */
function printUnstable(before, after) {
  for (const { project, file, tests } of before) {
    if (after.some((each) => each.project === project && each.file === file)) continue;
    const names = tests.length > 0 ? tests : ['it did not run to the end'];
    for (const name of names) process.stdout.write(`\nunstable: ${project} ${file}: ${name}\n`);
  }
}

/** @param {string} project @param {string} target @returns {Counts | undefined} */
function countsOf(project, target) {
  const results = readResults(project, target);
  if (!results) return undefined;
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of Object.values(results)) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
}

/**
 * Prints a table, and last the line `N passed, N failed, N skipped`.
 *
 * @param {Row[]} rows
 * @param {string} target
 * @returns {boolean} whether every project has passed
 */
function printCounts(rows, target) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const lines = [`\n${target.padEnd(14)}${cells(['passed', 'failed', 'skipped'])}`];
  for (const { project, counts } of rows) {
    if (counts) {
      sum.passed += counts.passed;
      sum.failed += counts.failed;
      sum.skipped += counts.skipped;
    }
    const shown = counts
      ? cells(valuesOf(counts))
      : '  no result: the tests did not run to the end';
    lines.push(`${project.padEnd(14)}${shown}`);
  }
  lines.push(`${'all'.padEnd(14)}${cells(valuesOf(sum))}`, '');
  lines.push(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  process.stdout.write(`${lines.join('\n')}\n`);
  return sum.passed > 0 && rows.every(({ counts }) => counts?.failed === 0);
}

/** @param {Counts} counts */
const valuesOf = ({ passed, failed, skipped }) => [passed, failed, skipped].map(String);

/** @param {string[]} texts */
const cells = (texts) => texts.map((text) => text.padStart(9)).join('');

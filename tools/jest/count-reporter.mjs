import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT } from '../workspace.mjs';

/**
 * @typedef {object} FileResult
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string[]} failures the titles of the tests that failed
 */
/** @typedef {Record<string, FileResult>} FileResults by the path of the file in its project, with slashes */

/** nx.json names these files as outputs of the test targets. */
export const COUNTS_FOLDER = join(ROOT, '.nx/test-counts');

/** With this variable a test target runs only the files that failed, and replaces their results. */
export const AGAIN = 'TEST_AGAIN';

/** @param {string} project @param {string} target */
const countFile = (project, target) => join(COUNTS_FOLDER, project, `${target}.json`);

/**
 * @param {string | undefined} project
 * @param {string | undefined} target
 * @returns {FileResults | undefined} undefined when the tests did not run to the end
 */
export function readResults(project = '', target = '') {
  const file = countFile(project, target);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** @param {FileResults} results */
export const failedFiles = (results) =>
  Object.keys(results).filter((file) => (results[file]?.failed ?? 0) > 0);

/**
 * A Jest reporter that writes the number of tests to a file, which is an output of the Nx task. So Nx restores it together
 * with the result when it answers from its cache, and `npm test` can print the numbers.
 */
export default class CountReporter {
  /** @param {unknown} _contexts @param {{ testResults: import('@jest/test-result').TestResult[] }} results */
  onRunComplete(_contexts, { testResults }) {
    // Nx sets both. Without Nx there is no task, and the summary of Jest has the numbers.
    const { NX_TASK_TARGET_PROJECT: project, NX_TASK_TARGET_TARGET: target } = process.env;
    if (!project || !target) return;
    const file = countFile(project, target);
    mkdirSync(dirname(file), { recursive: true });
    /** @type {FileResults} */
    const results = process.env[AGAIN] ? { ...readResults(project, target) } : {};
    for (const each of testResults) {
      const path = relative(process.cwd(), each.testFilePath).replaceAll('\\', '/');
      results[path] = toFileResult(each);
    }
    writeFileSync(file, JSON.stringify(results));
  }
}

/** @param {import('@jest/test-result').TestResult} result @returns {FileResult} */
function toFileResult(result) {
  const failed = result.testResults.filter(({ status }) => status === 'failed');
  return {
    passed: result.numPassingTests,
    failed: result.numFailingTests + (result.testExecError ? 1 : 0),
    skipped: result.numPendingTests + result.numTodoTests,
    failures: failed.map(({ fullName }) => fullName),
  };
}

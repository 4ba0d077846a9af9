import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../workspace.mjs';

/** nx.json names these files as outputs of the test targets. */
export const COUNTS_FOLDER = join(ROOT, '.nx/test-counts');

/** @param {string} project @param {string} target */
export const countFile = (project, target) => join(COUNTS_FOLDER, project, `${target}.json`);

/**
 * A Jest reporter that writes the number of tests to a file, which is an output of the Nx task. So Nx restores it together
 * with the result when it answers from its cache, and `npm test` can print the numbers.
 */
export default class CountReporter {
  /**
   * @param {unknown} _contexts
   * @param {Record<'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests'
   *   | 'numRuntimeErrorTestSuites', number>} results
   */
  onRunComplete(_contexts, results) {
    // Nx sets both. Without Nx there is no task, and the summary of Jest has the numbers.
    const { NX_TASK_TARGET_PROJECT: project, NX_TASK_TARGET_TARGET: target } = process.env;
    if (!project || !target) return;
    const file = countFile(project, target);
    mkdirSync(dirname(file), { recursive: true });
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = results;
    const failedToRun = results.numRuntimeErrorTestSuites;
    writeFileSync(
      file,
      JSON.stringify({
        passed: numPassedTests,
        failed: numFailedTests + failedToRun,
        skipped: numPendingTests + numTodoTests,
      }),
    );
  }
}

import { AGAIN, failedFiles, readResults } from './count-reporter.mjs';
import preset, { LEFT_OUT, SLOW_TESTS } from './preset.mjs';

const { testMatch: _all, testPathIgnorePatterns: _slow, ...common } = preset;
const { NX_TASK_TARGET_PROJECT: project, NX_TASK_TARGET_TARGET: target } = process.env;
/** A project whose tests did not run to the end runs them all. */
const again = process.env[AGAIN] ? readResults(project, target) : undefined;

/** Patterns of files that failed. @param {import('./count-reporter.mjs').FileResults} results */
const patternsOf = (results) =>
  failedFiles(results).map((file) => `/${file.replaceAll('.', '\\.')}$`);

/**
 * The configuration of every `test-slow` script: only the files that the preset leaves out.
 *
 * @type {import('jest').Config}
 */
export default {
  ...common,
  // The last pattern matches no path.
  testRegex: again ? [...patternsOf(again), '(?!)'] : [SLOW_TESTS],
  testPathIgnorePatterns: ['/node_modules/', ...LEFT_OUT],
  testTimeout: 60_000,
  ...(again && { maxWorkers: 1, passWithNoTests: true }),
};

import preset, { LEFT_OUT, SLOW_TESTS } from './preset.mjs';

const { testMatch: _all, testPathIgnorePatterns: _slow, ...common } = preset;

/**
 * The configuration of every `test-slow` script: only the files that the preset leaves out.
 *
 * @type {import('jest').Config}
 */
export default {
  ...common,
  testRegex: [SLOW_TESTS],
  testPathIgnorePatterns: ['/node_modules/', ...LEFT_OUT],
  testTimeout: 60_000,
};

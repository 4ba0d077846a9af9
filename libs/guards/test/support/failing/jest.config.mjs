import preset from '../../../../../tools/jest/preset.mjs';

/** Runs the test that fails on purpose. No other configuration finds it. */
export default {
  ...preset,
  testMatch: ['<rootDir>/test/support/failing/never-closed.ts'],
  reporters: ['default'],
};

import preset from '../../tools/jest/preset.mjs';

// Jest takes reporters for all projects together.
const { testTimeout: _short, reporters, ...flow } = preset;
const BUILDS = '<rootDir>/test/flows/start.spec.ts';

/** Tests of a minute and more: `npm run test:slow`. */
export const SLOW = ['<rootDir>/test/flows/replicas.spec.ts', '<rootDir>/test/flows/soak.spec.ts'];

/** Tests wait most of the time (for a window to close, for a process to start), so two files share two cores well. */
export default {
  maxWorkers: 2,
  reporters,
  testTimeout: 60_000,
  projects: [
    { ...flow, displayName: 'flows', testPathIgnorePatterns: ['/node_modules/', BUILDS, ...SLOW] },
    // `npm start` builds, which removes for a moment the files that other tests run.
    {
      ...flow,
      displayName: 'start',
      testMatch: [BUILDS],
      runner: '<rootDir>/test/support/own-turn.cjs',
    },
  ],
};

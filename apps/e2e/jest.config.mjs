import preset from '../../tools/jest/preset.mjs';

// Jest takes reporters for all projects together.
const { testTimeout: _short, reporters, ...flow } = preset;
const BUILDS = '<rootDir>/test/start.spec.ts';

/** What takes a minute and more: `npm run test:slow`, which CI runs as well. */
export const SLOW = ['<rootDir>/test/replicas.spec.ts', '<rootDir>/test/soak.spec.ts'];

/** Much of a flow is waiting (for a window to close, for a process to start): two files share two cores well. */
export default {
  maxWorkers: 2,
  reporters,
  testTimeout: 60_000,
  projects: [
    { ...flow, displayName: 'flows', testPathIgnorePatterns: ['/node_modules/', BUILDS, ...SLOW] },
    // `npm start` builds, which for a moment takes away what the others run.
    { ...flow, displayName: 'start', testMatch: [BUILDS], runner: '<rootDir>/test/own-turn.cjs' },
  ],
};

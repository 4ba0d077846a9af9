import { fileURLToPath } from 'node:url';

/** @param {string} file */
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/** Files whose tests take long. `test` leaves them out, `test-slow` runs only them. */
export const SLOW_TESTS = '/(src|test|testing)/.*\\.slow\\.spec\\.ts$';

/**
 * One Jest configuration for every project: native ES modules, compiled by SWC, libraries from their sources.
 *
 * @type {import('jest').Config}
 */
export default {
  testMatch: ['<rootDir>/{src,test,testing}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', SLOW_TESTS],
  testEnvironment: here('./environment.cjs'),
  testEnvironmentOptions: { customExportConditions: ['@gatehouse/source', 'node', 'node-addons'] },
  resolver: here('./resolver.cjs'),
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { configFile: here('../swc.json') }] },
  setupFiles: ['reflect-metadata'],
  reporters: ['default', here('./count-reporter.mjs')],
  testTimeout: 30_000,
  // Many tests mostly wait (for a database, for another process): two files share two cores well. Native modules of a file
  // that is over are never freed, so a worker that has grown is replaced.
  maxWorkers: 2,
  workerIdleMemoryLimit: '1GB',
};

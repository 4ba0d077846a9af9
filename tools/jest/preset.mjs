import { fileURLToPath } from 'node:url';

/** @param {string} file */
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/**
 * One Jest configuration for every project: native ES modules, compiled by SWC, libraries from their sources.
 *
 * @type {import('jest').Config}
 */
export default {
  testMatch: ['<rootDir>/{src,test,testing}/**/*.spec.ts'],
  testEnvironment: here('./environment.cjs'),
  testEnvironmentOptions: { customExportConditions: ['@gatehouse/source', 'node', 'node-addons'] },
  resolver: here('./resolver.cjs'),
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { configFile: here('../swc.json') }] },
  setupFiles: ['reflect-metadata'],
  reporters: ['default', here('./count-reporter.mjs')],
  testTimeout: 30_000,
};

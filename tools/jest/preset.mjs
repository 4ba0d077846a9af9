import { fileURLToPath } from 'node:url';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/** One Jest configuration for every project: native ES modules, compiled by SWC, libraries from their sources. */
export default {
  testMatch: ['<rootDir>/{src,test,testing}/**/*.spec.ts'],
  testEnvironment: here('./environment.cjs'),
  testEnvironmentOptions: { customExportConditions: ['@gatehouse/source', 'node', 'node-addons'] },
  resolver: here('./resolver.cjs'),
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { configFile: here('../swc.json') }] },
  setupFiles: [here('./setup.mjs')],
  testTimeout: 30_000,
};

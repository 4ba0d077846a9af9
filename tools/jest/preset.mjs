import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @param {string} file */
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/** Files whose tests take long. `test` leaves them out, `test-slow` runs only them. */
export const SLOW_TESTS = '/(src|test|testing)/.*\\.slow\\.spec\\.ts$';

/**
 * `test/package.json` of the project, while its packages are not installed. Then the files that it lists under `neededBy` are left
 * out, and tests on Express run on Fastify.
 *
 * @type {{ neededBy: string[] } | undefined}
 */
const missing = missingPackages();

function missingPackages() {
  const file = 'test/package.json';
  if (!existsSync(file) || existsSync('test/node_modules/.package-lock.json')) return undefined;
  process.stderr.write(`SKIPPED: tests that need the packages of ${resolve(file)}.\n`);
  process.stderr.write('To install them: npm run packages\n');
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The tests of apps/web in the project e2e, in a workspace without apps/web. */
const leftWithWeb = existsSync('test/web') && !existsSync('../web') ? ['<rootDir>/test/web/'] : [];
if (leftWithWeb.length > 0) {
  process.stderr.write(
    `SKIPPED: the tests in ${resolve('test/web')}, because apps/web is missing.\n`,
  );
}

export const LEFT_OUT = [
  ...(missing?.neededBy.map((path) => `<rootDir>/test/${path}`) ?? []),
  ...leftWithWeb,
];

/**
 * One Jest configuration for every project: native ES modules, compiled by SWC, libraries from their sources.
 *
 * @type {import('jest').Config}
 */
export default {
  testMatch: ['<rootDir>/{src,test,testing}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', SLOW_TESTS, ...LEFT_OUT],
  ...(missing && {
    moduleNameMapper: { '^@nestjs/platform-express$': here('./fastify-for-express.mjs') },
  }),
  // Packages of the tests, for sources that import an optional peer.
  modulePaths: ['<rootDir>/test/node_modules'],
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

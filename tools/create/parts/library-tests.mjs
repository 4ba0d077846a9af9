import { dropJson, dropLines, editJson, replaceText } from '../edits.mjs';

const LIBRARIES = ['guards', 'persistence', 'service-kit'];
/** Helpers of the slow tests of auth. */
const SLOW_SUPPORT = [
  ...['auth-process', 'database-content', 'key-process', 'key-rotation-simulation'],
  ...['refresh-token-model', 'refresh-token-replica', 'timing'],
];
/** Packages that only the tests of the libraries use. */
const TEST_PACKAGES = [
  ...['express', 'fastify', 'socket.io', 'ws'].map((name) => `@nestjs/platform-${name}`),
  ...[
    '@nestjs/testing',
    '@types/express',
    '@types/supertest',
    '@types/ws',
    'express',
    'fast-check',
  ],
  ...['@apollo/server', '@apollo/subgraph', '@as-integrations/express5', '@nestjs/apollo'],
  ...['@as-integrations/fastify', '@grpc/grpc-js', '@grpc/proto-loader', 'fastify', 'graphql-ws'],
  ...['hono', 'socket.io-client', 'supertest', 'ws'],
];
const TESTING = 'libs/persistence/testing';
const GUARDS_TEST = 'libs/guards/test';

/** The part auth drops these lines too. @param {string} file @returns {import('../edits.mjs').Edit} */
const withoutEndToEndTests = (file) => ({
  file,
  change: (text) => text.replace(/^(?:COPY | {4}'|\/|!)?apps\/e2e.*\n/gm, ''),
});

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Tests of the libraries, and slow tests: crashes, outages, replicas, models',
  paths: [
    'apps/e2e',
    ...['conformance', 'flows', 'support', 'units'].map((name) => `${GUARDS_TEST}/${name}`),
    ...['persistence', 'service-kit'].map((name) => `libs/${name}/test`),
    ...LIBRARIES.map((name) => `libs/${name}/jest.config.mjs`),
    ...['flows', 'units'].map((folder) => `apps/auth/test/${folder}/*.slow.spec.ts`),
    ...SLOW_SUPPORT.map((name) => `apps/auth/test/support/${name}.ts`),
    `${TESTING}/pgbouncer.ts`,
    'libs/guards/testing/corpus',
    'tools/jest/slow.mjs',
  ],
  edits: [
    dropLines('docs/recipes/upgrade-dependencies.md', /^npm run test:slow$/),
    replaceText('tools/test/main.mjs', '`npm test`, `npm run test:slow`:', '`npm test`:'),
    ...LIBRARIES.map((name) =>
      editJson(`libs/${name}/package.json`, ({ scripts, devDependencies = {} }) => {
        delete scripts.test;
        delete scripts['test-slow'];
        for (const each of TEST_PACKAGES) delete devDependencies[each];
      }),
    ),
    // The type check of the guards needs the packages of passport.
    editJson(`${GUARDS_TEST}/package.json`, (manifest) => {
      for (const name of ['neededBy', 'overrides', 'allowScripts']) delete manifest[name];
      const names = Object.keys(manifest.dependencies);
      for (const name of names) if (!name.includes('passport')) delete manifest.dependencies[name];
    }),
    dropJson('apps/auth/package.json', ['scripts', 'test-slow']),
    dropJson('package.json', ['scripts', 'test:slow']),
    dropLines(`${TESTING}/index.ts`, /pgbouncer/),
    ...['eslint.config.mjs', '.gitignore', '.dockerignore', 'Dockerfile'].map(withoutEndToEndTests),
  ],
};

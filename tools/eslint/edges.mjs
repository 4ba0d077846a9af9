/** What is for one edge of a program only: HTTP for controllers, the environment for configuration, `testing` for tests. */

const testing = {
  regex: '^(@gatehouse/[^/]+|(\\.\\./)+)/?testing(/|$)',
  message: 'For tests only: it makes keys and servers.',
};

const http = {
  group: ['fastify', '@fastify/*', '@nestjs/platform-*', 'express', 'node:http', 'node:https'],
  message: 'HTTP is for controllers, filters, guards and interceptors. Take a typed value instead.',
};

const environment = {
  name: 'node:process',
  importNames: ['default', 'env'],
  message: 'The environment is read by *.config.ts and main.ts.',
};

const httpEdges = [
  'apps/*/src/**/*.{controller,filter,guard,interceptor}.ts',
  'apps/*/src/service.ts',
  'apps/auth/src/clients/presented-credentials.ts',
  'apps/auth/src/cross-origin/cross-origin.hook.ts',
  'apps/auth/src/login/refresh-cookie.ts',
];

const environmentEdges = [
  'apps/*/src/**/*.config.ts',
  'apps/*/src/main.ts',
  'libs/service-kit/src/configuration/load-config.ts',
];

const restricted = (...patterns) => ({
  '@typescript-eslint/no-restricted-imports': ['error', { paths: [environment], patterns }],
});

/** The end-to-end project is all test. */
const tests = ['**/*.spec.ts', 'apps/e2e/**'];

export const edges = [
  { files: ['{apps,libs}/*/src/**/*.ts'], ignores: tests, rules: restricted(testing) },
  {
    files: ['apps/*/src/**/*.ts'],
    ignores: [...tests, ...httpEdges],
    rules: restricted(testing, http),
  },
  {
    files: ['{apps,libs}/*/src/**/*.ts', 'libs/*/testing/**/*.ts'],
    ignores: [...tests, ...environmentEdges],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: environment.message },
      ],
    },
  },
];

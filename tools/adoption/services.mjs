/**
 * A service with its own tests, in the folder `templates`: what differs from `nest new` as files, and the edits of its
 * developer as patches.
 *
 * @typedef {object} ServiceDescription
 * @property {string} title
 * @property {'11' | '12'} nest
 * @property {string[]} options of the generator of `nest new`
 * @property {string} templates
 * @property {string[]} packages beside those of `nest new`
 * @property {string[]} testPackages
 * @property {{ path: string, algorithm: 'ES256' | 'RS256', scope: string }} corpus
 */
/**
 * @typedef {object} Step
 * @property {string} title
 * @property {string} patch
 * @property {string} [copy] options of `guards:copy`
 * @property {string} [afterwards] a command
 * @property {boolean} [hasScopes] whether the address of the corpus requires the scope
 */

/** @type {ServiceDescription[]} */
export const SERVICES = [
  {
    title: 'Nest 11, Express, CommonJS, Jest; global JwtAuthGuard',
    nest: '11',
    options: [],
    templates: 'express-service',
    packages: [
      ...['@nestjs/swagger@11', '@nestjs/terminus@11', '@willsoto/nestjs-prometheus@6'],
      ...['prom-client@15', 'class-validator@0.14', 'class-transformer@0.5'],
      ...['@nestjs/passport@11', 'passport@0.7', 'passport-jwt@4', 'jwks-rsa@3'],
    ],
    testPackages: ['@types/passport-jwt@4', 'jsonwebtoken@9', '@types/jsonwebtoken@9'],
    corpus: { path: '/api/orders', algorithm: 'RS256', scope: 'orders:read' },
  },
  {
    title: "Nest 12, Fastify, ES modules, Vitest; AuthGuard('jwt') by controller",
    nest: '12',
    options: ['--type=esm'],
    templates: 'fastify-service',
    packages: [
      ...['@nestjs/platform-fastify@12', 'fastify@5', '@nestjs/passport@12'],
      ...['passport@0.7', 'passport-jwt@4', 'jwks-rsa@4'],
    ],
    testPackages: ['@types/passport-jwt@4', 'jose@6'],
    corpus: { path: '/orders', algorithm: 'ES256', scope: 'orders:read' },
  },
];

/** @type {Step} */
export const FIRST_ROUTE = {
  title: 'From nest new to a guarded route with a passing e2e test',
  copy: '--with testing',
  patch: 'first-route.patch',
};

/** @type {Step[]} */
export const MIGRATION = [
  {
    title: 'Step 1: replace the strategy. Guards, decorators and tests stay as they are',
    copy: '--with passport',
    patch: 'step-1.patch',
  },
  {
    title: 'Step 2: move one controller to scopes. The others keep their guards',
    patch: 'step-2.patch',
    hasScopes: true,
  },
  {
    title: 'Step 3: move the rest, delete the old guards, and expect guarded routes',
    copy: '--with testing --without passport',
    patch: 'step-3.patch',
    afterwards: 'npm uninstall @nestjs/passport passport passport-jwt @types/passport-jwt',
    hasScopes: true,
  },
];

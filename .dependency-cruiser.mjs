/**
 * Which file may import which (docs/architecture.md). `npm run lint` checks it, with type-only imports, and
 * apps/e2e/test/upstream/boundaries.slow.spec.ts proves that each rule notices a violation.
 */

/** The folders of apps/auth/src, from top to bottom. A folder imports the folders below it only. */
const AUTH_FOLDERS = 'ops first-party oauth pages sessions clients accounts tokens platform'.split(
  ' ',
);

const AUTH = '^apps/auth/src';
const SOURCES = '^(apps|libs)/[^/]+/src/';
const TESTS = ['[.]spec[.]ts$', '^apps/e2e/', '^(apps|libs)/[^/]+/(test|testing)/'];

/** @param {string} names alternatives of a regular expression */
const packages = (names) => `(^|/)node_modules/(@types/)?(${names})/`;

const HTTP = [
  packages('fastify|@fastify/[^/]+|@nestjs/platform-[^/]+|express'),
  '^(node:)?https?$',
];

/** Packages of libs/guards. The guards are copied into other services, which must install each of them. */
const GUARDS_PACKAGES = '@nestjs/(common|core)|jwks-rsa|reflect-metadata|rxjs';
/** Optional entry points of libs/guards, each with packages that no other folder imports. */
const PARTS = {
  graphql: 'graphql',
  passport: '@nestjs/passport|passport-jwt',
  websockets: '',
  microservices: '',
};

const NEST_PACKAGES = packages('@nestjs/[^/]+|passport|passport-jwt|rxjs|reflect-metadata');

const isPackage = { dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg'] };

/** @type {import('dependency-cruiser').IConfiguration['forbidden']} */
const everywhere = [
  {
    name: 'no-circular',
    comment: 'Two files import each other, directly or through others.',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-circular-folders',
    comment: 'Two folders import each other, directly or through others.',
    scope: 'folder',
    from: { path: '^(apps|libs)/[^/]+/src|^tools|^bench' },
    to: { circular: true },
  },
  {
    name: 'no-orphans',
    comment: 'The file imports nothing, and no file imports it.',
    from: {
      orphan: true,
      path: SOURCES,
      // A .cjs file is preloaded by `node --require`.
      pathNot: ['[.]d[.]ts$', '[.]cjs$', '^apps/e2e/src/contracts/'],
    },
    to: {},
  },
  {
    name: 'no-unresolvable',
    comment: 'The imported file or package does not exist.',
    from: { path: '^(apps|libs)/' },
    // A path such as /x.mjs is resolved by the browser.
    to: { couldNotResolve: true, pathNot: '^/' },
  },
  {
    name: 'no-undeclared-package',
    comment: 'Neither the package.json of the project nor that of the root declares the package.',
    from: { path: '^(apps|libs)/', pathNot: '[.]cjs$' },
    to: {
      dependencyTypes: ['npm-no-pkg', 'npm-unknown'],
      // tsconfig.base.json names these types, of a package that is declared without `@types/`.
      pathNot: '(^|/)libs/guards/test/node_modules/@types/',
    },
  },
];

/** @type {import('dependency-cruiser').IConfiguration['forbidden']} */
const betweenProjects = [
  {
    name: 'apps-import-no-app',
    comment: 'An app imports libraries only. Apps communicate over HTTP.',
    from: { path: '^apps/([^/]+)/' },
    to: { path: '^apps/', pathNot: '^apps/$1/' },
  },
  {
    name: 'libraries-import-no-project',
    comment: 'A library imports no app and no other library.',
    // Tests of persistence use the clock and the ports of the service kit's test support.
    from: { path: '^libs/([^/]+)/', pathNot: '^libs/persistence/test(ing)?/' },
    to: { path: '^(apps|libs)/', pathNot: '^libs/$1/' },
  },
  {
    name: 'products-import-no-tools',
    comment: 'Apps and libraries run without the folders tools and bench.',
    from: { path: SOURCES },
    to: { path: '^(tools|bench)/' },
  },
  {
    name: 'sources-import-no-test-support',
    comment: 'The folders testing and test make keys and servers. They are for tests only.',
    from: { path: SOURCES, pathNot: TESTS },
    to: { path: '^(apps|libs)/[^/]+/(testing|test)/(?!node_modules/)' },
  },
  {
    name: 'browser-client-apart',
    comment:
      'The client for browsers and its server communicate over HTTP, and each is built alone.',
    from: { path: '^apps/([^/]+)/(client|src)/' },
    to: { path: '^apps/$1/(client|src|test)/', pathNot: '^apps/$1/$2/' },
  },
  {
    name: 'http-at-the-edge',
    comment: 'HTTP is for controllers, filters, guards and interceptors: take a typed value.',
    from: {
      path: '^apps/[^/]+/src/',
      pathNot: [
        ...TESTS,
        '[.](controller|filter|guard|interceptor|hook)[.]ts$',
        '^apps/[^/]+/src/[^/]+[.]ts$',
        '/presented-credentials[.]ts$',
      ],
    },
    to: { path: HTTP },
  },
];

/** @type {import('dependency-cruiser').IConfiguration['forbidden']} */
const guards = [
  {
    name: 'guards-packages',
    comment: 'A service that copies the guards would have to install this package.',
    from: {
      path: '^libs/guards/(src|testing)/',
      pathNot: `^libs/guards/src/(${Object.keys(PARTS).join('|')})/`,
    },
    to: { ...isPackage, pathNot: packages(GUARDS_PACKAGES) },
  },
  ...Object.entries(PARTS).map(([folder, more]) => ({
    name: `guards-packages-${folder}`,
    comment: `A service without ${folder} must not need this package, and others must not need it for ${folder}.`,
    from: { path: `^libs/guards/src/${folder}/` },
    to: { ...isPackage, pathNot: packages(more ? `${GUARDS_PACKAGES}|${more}` : GUARDS_PACKAGES) },
  })),
  {
    name: 'guards-core',
    comment: 'The core verifies tokens without Nest, passport and HTTP, and imports no adapter.',
    from: { path: '^libs/guards/src/core/' },
    to: { path: ['^libs/guards/src/(?!core/)', NEST_PACKAGES, ...HTTP] },
  },
  {
    name: 'guards-core-entry',
    comment: 'Servers without Nest import @gatehouse/guards/core, which loads no adapter.',
    from: { path: '^libs/guards/src/core[.]ts$' },
    to: {
      reachable: true,
      path: ['^libs/guards/src/(?!core[/.]|status/|issuers-at-run-time/)', NEST_PACKAGES],
    },
  },
];

/** @type {import('dependency-cruiser').IConfiguration['forbidden']} */
const auth = [
  ...AUTH_FOLDERS.slice(1).map((folder, index) => ({
    name: `auth-order-${folder}`,
    comment: `${folder} imports only the folders below it: ${AUTH_FOLDERS.slice(index + 2).join(', ') || 'none'}.`,
    from: { path: `${AUTH}/${folder}/` },
    to: { path: `${AUTH}/(${AUTH_FOLDERS.slice(0, index + 1).join('|')})/` },
  })),
  {
    name: 'auth-known-folders',
    comment: `apps/auth/src has the folders ${AUTH_FOLDERS.join(', ')} and no other.`,
    from: { path: `${AUTH}/(?!(${AUTH_FOLDERS.join('|')})/)[^/]+/` },
    to: {},
  },
  {
    name: 'auth-top-level-files',
    comment:
      'Of the files at the top, folders import only auth.config.ts and default-resource-servers.ts; ops also the others.',
    from: { path: `${AUTH}/(?!ops/)[^/]+/` },
    to: { path: `${AUTH}/[^/]+[.]ts$`, pathNot: `${AUTH}/[a-z.-]*(config|types|servers)[.]ts$` },
  },
  {
    name: 'grants-are-independent',
    comment: 'A grant never imports another grant. Shared code is a file of its own.',
    from: { path: `${AUTH}/(oauth/)?token/[^/]+[.]grant[.]ts$` },
    to: { path: '[.]grant[.]ts$' },
  },
];

const RULES = [everywhere, betweenProjects, guards, auth].flatMap((rules = []) => rules);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: RULES.map((rule) => ({ ...rule, severity: 'error' })),
  options: {
    // Each project declares its packages, and the root declares the tools of all.
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    exclude: {
      path: [
        '^(apps|libs)/[^/]+/dist/',
        '^libs/guards/[.]built-',
        '^bench/(node_modules|results)/',
        '^tools/new-service/template/',
      ],
    },
    // With type-only imports.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      conditionNames: ['@gatehouse/source', 'types', 'import', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.tsx', '.mjs', '.cjs', '.js', '.json', '.d.ts'],
      mainFields: ['types', 'main'],
    },
  },
};

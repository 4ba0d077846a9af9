import { createProjectGraphAsync, readCachedProjectGraph } from '@nx/devkit';
import nx from '@nx/eslint-plugin';

/** The rule goes by the graph that Nx keeps of who imports whom. In a fresh clone there is none, and the rule would say nothing. */
async function requireProjectGraph() {
  try {
    readCachedProjectGraph();
  } catch {
    await createProjectGraphAsync({ exitOnError: true, resetDaemonClient: true });
  }
}

await requireProjectGraph();

/**
 * Who may import whom between projects (ARCHITECTURE §1). Tags are in each project's package.json. A package that a project
 * does not declare cannot be imported, so what guards needs is written down in its peer dependencies and here.
 */
const betweenProjects = (fromLib) => [
  { sourceTag: 'type:lib', onlyDependOnLibsWithTags: fromLib },
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib'] },
  { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['type:lib'] },
];

/** libs/guards is copied into other people's services: what it imports, they install. */
const guardsMayImport = (...more) => ({
  sourceTag: 'scope:guards',
  allowedExternalImports: [
    '@nestjs/common',
    '@nestjs/core',
    '@nestjs/core/**',
    '@nestjs/passport',
    'jwks-rsa',
    'passport',
    'passport-jwt',
    'reflect-metadata',
    'rxjs',
    ...more,
  ],
});

/** Who has only HTTP installs nothing for the other transports: what each needs, only its own folder may import. */
const transports = {
  graphql: ['graphql'],
  websockets: ['@nestjs/core/helpers/execution-context-host.js'],
  microservices: [],
};

const moduleBoundaries = ({ constraints = [], fromLib = [], ...options } = {}) => ({
  '@nx/enforce-module-boundaries': [
    'error',
    {
      depConstraints: [...betweenProjects(fromLib), ...constraints],
      banTransitiveDependencies: true,
      ...options,
    },
  ],
});

export const boundaries = [
  {
    files: ['{apps,libs}/**/*.ts'],
    plugins: { '@nx': nx },
    rules: moduleBoundaries(),
  },
  {
    files: ['libs/guards/{src,testing}/**/*.ts'],
    rules: moduleBoundaries({ constraints: [guardsMayImport()] }),
  },
  ...Object.entries(transports).map(([transport, packages]) => ({
    files: [`libs/guards/src/${transport}/**/*.ts`],
    rules: moduleBoundaries({ constraints: [guardsMayImport(...packages)] }),
  })),
  {
    // The examples of a README import the library by its name, as its readers will.
    files: ['libs/*/test/**/*.ts'],
    rules: moduleBoundaries({ allowCircularSelfDependency: true }),
  },
  {
    // Test support only: the library itself imports no other library.
    files: ['libs/persistence/{test,testing}/**/*.ts'],
    rules: moduleBoundaries({ allowCircularSelfDependency: true, fromLib: ['scope:service-kit'] }),
  },
];

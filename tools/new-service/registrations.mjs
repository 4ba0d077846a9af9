import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../terminal/command.mjs';
import { ROOT } from '../workspace.mjs';

/** @typedef {Record<string, string | number>} Names */
/** @typedef {{ what: string, place: RegExp, change: (text: string) => string }} Edit */

const SCOPE_TEXTS = /^const scopes(?:: ScopeTexts)? = \{\n(?: {2}.*\n)*\};$/;

/**
 * The edits outside of the folder of the service, by file.
 *
 * @type {Record<string, (names: Names) => Edit[]>}
 */
const PLACES = {
  'apps/auth/src/auth.config.ts': ({ many, port }) => [
    {
      what: "DEMO_RESOURCE_SERVERS, a string of lines joined by '+'",
      place: /const DEMO_RESOURCE_SERVERS =\n(?: {2}'[^'\n]*' \+\n)* {2}'[^'\n]*';/,
      change: (text) =>
        text.replace(/';$/, `; ' +\n  'http://localhost:${port} ${many}:read ${many}:write';`),
    },
    {
      what: "the default of FIRST_PARTY_SCOPE, .prefault('…')",
      place: /FIRST_PARTY_SCOPE: list\(z\.string\(\)\)\s+\.prefault\(\s*'[^']*',?\s*\)/,
      change: (text) => text.replace(/',?\s*\)$/, ` ${many}:read ${many}:write')`),
    },
  ],
  'apps/auth/src/pages/texts/en.ts': ({ many }) => [
    {
      what: 'the sentences of the scopes, const scopes = {…};',
      place: SCOPE_TEXTS,
      change: (text) =>
        text.replace(
          /\};$/,
          `  '${many}:read': 'See your ${many}',\n  '${many}:write': 'Add to your ${many}',\n};`,
        ),
    },
  ],
  // The noun is not translated: `npm run new:service` knows the English one.
  'apps/auth/src/pages/texts/de.ts': ({ many }) => [
    {
      what: 'the sentences of the scopes, const scopes: ScopeTexts = {…};',
      place: SCOPE_TEXTS,
      change: (text) =>
        text.replace(
          /\};$/,
          `  '${many}:read': 'Ihre ${many} sehen',\n  '${many}:write': 'Ihre ${many} ergänzen',\n};`,
        ),
    },
  ],
  'tools/workspace.mjs': ({ many, port }) => [
    {
      what: 'DEFAULT_PORTS',
      place: /export const DEFAULT_PORTS = \{[^}]*\};/,
      change: (text) => text.replace(/,?\s*\};$/, `, ${many}: ${port} };`),
    },
  ],
  'docker-compose.yml': (names) =>
    Object.entries(composeParts(names)).map(([part, added]) => ({
      what: `the comment "new:service adds its ${part} above"`,
      place: new RegExp(`^ *# new:service adds its ${part} above$`),
      change: (mark) => `${added}\n${mark}`,
    })),
};

/** @param {Names} names */
const composeParts = ({ many, port }) => ({
  image: `x-${many}: &${many}
  <<: *hardened
  image: gatehouse-${many}
  build: { context: ., args: { APP: ${many} } }
  environment:
    <<: *resource-server-settings
    AUDIENCE: http://localhost:${port}
    DATABASE_URL_FILE: /run/secrets/database_url
  volumes: ['secrets-${many}:/run/secrets:ro']
`,
  secrets: `      - secrets-${many}:/secrets/${many}`,
  volume: `  secrets-${many}:`,
  migration: `  ${many}-migrate: { <<: [*migration, *${many}] }`,
  service: `  ${many}:
    <<: *${many}
    ports: ['127.0.0.1:${port}:3000']
    depends_on:
      ${many}-migrate: { condition: service_completed_successfully }
      auth: { condition: service_healthy }
`,
});

/**
 * @param {Names} names
 * @returns {Map<string, string>} the new texts of the changed files
 */
export function registrations(names) {
  return new Map(
    Object.entries(PLACES).map(([path, editsFor]) => [
      path,
      editsFor(names).reduce((text, edit) => applyEdit(path, text, edit), read(path)),
    ]),
  );
}

/** @param {string} path */
const read = (path) => readFileSync(join(ROOT, path), 'utf8');

/**
 * @param {string} path
 * @param {string} text
 * @param {Edit} edit
 * @throws {Failure} unless the place exists exactly once, because a wrong guess could open access
 */
function applyEdit(path, text, { place, what, change }) {
  const found = text.match(new RegExp(place, 'gm')) ?? [];
  if (found.length !== 1) {
    throw new Failure(
      `${path}: expected ${what} once, and found it ${found.length} times. Nothing was changed.`,
    );
  }
  return text.replace(found[0], () => change(found[0]));
}

const DEPENDENCIES = [
  '@gatehouse/guards',
  '@gatehouse/persistence',
  '@gatehouse/service-kit',
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-fastify',
  '@nestjs/swagger',
  '@nestjs/typeorm',
  'fastify',
  'jwks-rsa',
  'reflect-metadata',
  'rxjs',
  'typeorm',
  'zod',
];
const DEV_DEPENDENCIES = ['@nestjs/testing', '@types/supertest', 'supertest'];

/**
 * The package.json of a service. Scripts and versions are those of auth, so that they are current.
 *
 * @param {string} name
 */
export function manifestOf(name) {
  const auth = JSON.parse(read('apps/auth/package.json'));
  /** @param {string} kind @param {string[]} packages @returns {Record<string, string>} */
  const pick = (kind, packages) =>
    Object.fromEntries(packages.map((each) => [each, versionOf(auth[kind], each)]));
  const { build, serve, test, typecheck } = auth.scripts;
  return {
    name: `@gatehouse/${name}`,
    version: auth.version,
    private: true,
    type: 'module',
    nx: { name, tags: ['type:app', `scope:${name}`] },
    scripts: {
      // Auth also copies its word list.
      build: build.replace(' --copy-files', ''),
      serve: serve.replaceAll('apps/auth', `apps/${name}`),
      test,
      typecheck,
    },
    dependencies: pick('dependencies', DEPENDENCIES),
    devDependencies: pick('devDependencies', DEV_DEPENDENCIES),
  };
}

/** @param {Record<string, string> | undefined} packages @param {string} name */
function versionOf(packages, name) {
  if (packages?.[name]) return packages[name];
  throw new Failure(`apps/auth/package.json does not name ${name}, so its version is not known.`);
}

/**
 * The lock file as `npm install` would write it. There is nothing to fetch, because auth uses the same packages.
 *
 * @param {ReturnType<typeof manifestOf>} manifest
 */
export function lockFileWith(manifest) {
  const lock = JSON.parse(read('package-lock.json'));
  const { name, version, dependencies, devDependencies } = manifest;
  const folder = name.replace('@gatehouse/', 'apps/');
  const added = {
    [folder]: { name, version, dependencies, devDependencies },
    [`node_modules/${name}`]: { resolved: folder, link: true },
  };
  const packages = Object.entries({ ...lock.packages, ...added });
  packages.sort(([one], [other]) => one.localeCompare(other, 'en'));
  return `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`;
}

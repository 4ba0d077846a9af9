import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { editJson, filesNamed, textOf } from './files.mjs';

/** @typedef {import('./service.mjs').Service} Service */
/** @typedef {import('./service.mjs').Places} Places */
/** @typedef {import('./settings.mjs').Setting} Setting */

/**
 * Keeps the copied tests out of the service's own test run: they take minutes.
 *
 * @param {Service} service
 * @param {Places} places
 * @returns {Setting[]}
 */
export function testRunnerSettings(service, places) {
  return [
    ...jestFiles(service).flatMap((file) => jestSetting(service, file, places)),
    ...(service.declares('vitest') ? vitestSettings(service, places) : []),
  ];
}

/**
 * The configurations of Jest: the one in package.json, files at the usual places, and those of Nest's starter for e2e tests.
 *
 * @param {Service} service
 */
function jestFiles({ folder, app }) {
  const roots = [...new Set(['.', app])];
  const found = roots.flatMap((root) => [
    ...filesNamed(join(folder, root), /^jest\.config\.(?:[cm]?[jt]s|json)$/).map((name) =>
      posix.join(root, name),
    ),
    ...filesNamed(join(folder, root, 'test'), /^jest.*\.json$/).map((name) =>
      posix.join(root, 'test', name),
    ),
  ]);
  return hasJest(join(folder, 'package.json')) ? ['package.json', ...found] : found;
}

/** @param {string} manifest */
function hasJest(manifest) {
  return existsSync(manifest) && Object.hasOwn(JSON.parse(textOf(manifest)), 'jest');
}

/** Paths that Jest ignores by default, and the copied tests. @param {string} tests */
const ignoredByJest = (tests) => ['/node_modules/', `/${tests}/`];

/**
 * Nothing if the configuration has another root, such as `src`, or runs only files with other names.
 *
 * @param {Service} service
 * @param {string} file
 * @param {Places} places
 * @returns {Setting[]}
 */
function jestSetting({ folder }, file, { tests }) {
  const text = textOf(join(folder, file));
  if (/e2e-spec/.test(text) || !reaches(text, file, tests)) return [];
  const ignored = ignoredByJest(tests);
  /** @param {Record<string, any>} jest */
  const withIgnored = (jest) => ({
    ...jest,
    testPathIgnorePatterns: [...new Set([...(jest.testPathIgnorePatterns ?? []), ...ignored])],
  });
  const isManifest = file === 'package.json';
  return [
    {
      file,
      where: isManifest ? 'under "jest"' : 'in the configuration',
      lines: [
        file.endsWith('.json')
          ? `"testPathIgnorePatterns": ${JSON.stringify(ignored)},`
          : `testPathIgnorePatterns: ['${ignored.join("', '")}'],`,
      ],
      marks: [`/${tests}/`],
      apply: (json) =>
        editJson(json, (object) =>
          isManifest ? { ...object, jest: withIgnored(object.jest) } : withIgnored(object),
        ),
    },
  ];
}

/** @param {string} text @param {string} file @param {string} tests */
function reaches(text, file, tests) {
  const [, root = '.'] = /["']?rootDir["']?:\s*["']([^"']+)["']/.exec(text) ?? [];
  const folder = posix.join(posix.dirname(file), root.replace('<rootDir>', '.'));
  return folder === '.' || `${tests}/`.startsWith(`${folder.replace(/\/$/, '')}/`);
}

/**
 * Vitest has no option that includes what its configuration excludes, so the script of the service excludes the tests.
 *
 * @param {Service} service
 * @param {Places} places
 * @returns {Setting[]}
 */
function vitestSettings({ folder }, { tests }) {
  /** @type {string} */
  const script = JSON.parse(textOf(join(folder, 'package.json'))).scripts?.test ?? 'vitest run';
  if (!script.startsWith('vitest')) return [];
  const excluding = `${script} --exclude=${tests}/**`;
  return [
    {
      file: 'package.json',
      where: 'under "scripts"',
      lines: [`"test": "${excluding}",`],
      marks: [`--exclude=${tests}/**`],
      apply: (text) =>
        editJson(text, (object) => ({
          ...object,
          scripts: { ...object.scripts, test: excluding },
        })),
    },
  ];
}

/**
 * The command that runs the copied tests.
 *
 * @param {Service} service
 * @param {string} tests
 */
export function testCommand({ declares }, tests) {
  if (declares('jest')) {
    return `npm test -- --rootDir ${tests} --testPathIgnorePatterns /node_modules/`;
  }
  return declares('vitest') ? `npx vitest run ${tests}` : undefined;
}

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PARTS } from '../guards-copy/parts.mjs';
import { Failure } from '../terminal/command.mjs';
import { npmInstall, run } from '../terminal/processes.mjs';
import { ROOT } from '../workspace.mjs';
import { serviceSources } from './service-sources.mjs';

/**
 * A service that takes the guards home.
 *
 * @typedef {object} Project
 * @property {'11' | '12'} nest
 * @property {'express' | 'fastify'} platform
 * @property {'esm' | 'cjs'} modules the modules that its TypeScript compiles to
 * @property {'copy' | 'package'} by
 * @property {string[]} [copyOptions] of `guards:copy`
 * @property {'jest' | 'vitest'} [testRunner] its copied tests compile too, and some of them run. It is as strict as
 *   `nest new` makes it; the others have `--strict`
 * @property {boolean} [hasEachPart] it has one more copy for each part, in a folder of its own
 * @property {boolean} [isLegacy] not strict, with the compiler options of the starters of Nest 10
 */

/** Every part must compile. Our tests need many packages and are left out. */
const ALL = ['--with', 'all', '--without', 'tests'];
const TESTS = ['--with', 'tests'];

/** @type {Project[]} */
export const PROJECTS = [
  {
    nest: '11',
    platform: 'express',
    modules: 'cjs',
    by: 'copy',
    copyOptions: TESTS,
    testRunner: 'jest',
  },
  { nest: '11', platform: 'express', modules: 'esm', by: 'copy', hasEachPart: true },
  { nest: '11', platform: 'fastify', modules: 'cjs', by: 'copy', copyOptions: ALL },
  { nest: '11', platform: 'fastify', modules: 'esm', by: 'copy', copyOptions: ALL },
  { nest: '11', platform: 'express', modules: 'cjs', by: 'copy', copyOptions: ALL, isLegacy: true },
  { nest: '11', platform: 'express', modules: 'cjs', by: 'package' },
  {
    nest: '12',
    platform: 'express',
    modules: 'esm',
    by: 'copy',
    copyOptions: TESTS,
    testRunner: 'vitest',
  },
  { nest: '12', platform: 'express', modules: 'cjs', by: 'copy', hasEachPart: true },
  { nest: '12', platform: 'fastify', modules: 'esm', by: 'copy', copyOptions: ALL },
  { nest: '12', platform: 'fastify', modules: 'cjs', by: 'copy', copyOptions: ALL },
  { nest: '12', platform: 'fastify', modules: 'esm', by: 'package' },
];

/** The name of its folder: `express-cjs-copy`. @param {Project} project */
function folderNameOf({ platform, modules, by, isLegacy }) {
  return [platform, modules, by, ...(isLegacy ? ['legacy'] : [])].join('-');
}

/** A description for people: `Nest 11, Express, CommonJS, copied`. @param {Project} project */
export function describeProject({ nest, platform, modules, by, isLegacy }) {
  const words = [
    `Nest ${nest}`,
    platform === 'express' ? 'Express' : 'Fastify',
    modules === 'esm' ? 'ES modules' : 'CommonJS',
    by === 'copy' ? 'copied' : 'packaged',
    ...(isLegacy ? ['not strict'] : []),
  ];
  return words.join(', ');
}

/** @typedef {{ folder: string, project: Project }} MadeProject */

/**
 * The generator of `nest new`, with the version of its engine. That of Nest 11 does not know ES modules.
 *
 * @type {Record<Project['nest'], { packages: string[], options: (project: Project) => string[] }>}
 */
const GENERATORS = {
  11: {
    packages: ['@nestjs/schematics@11', '@angular-devkit/schematics-cli@19'],
    options: () => [],
  },
  12: {
    packages: ['@nestjs/schematics@12', '@angular-devkit/schematics-cli@22'],
    options: ({ modules }) => [`--type=${modules}`],
  },
};

/** The compiler options of Nest 10's starter, except the target: the guards need ES2022. */
const LEGACY = {
  module: 'commonjs',
  moduleResolution: 'node10',
  target: 'ES2022',
  declaration: true,
  removeComments: true,
  emitDecoratorMetadata: true,
  experimentalDecorators: true,
  allowSyntheticDefaultImports: true,
  sourceMap: true,
  outDir: './dist',
  baseUrl: './',
  incremental: true,
  skipLibCheck: true,
  strictNullChecks: false,
  noImplicitAny: false,
  strictBindCallApply: false,
};

/**
 * A folder for all projects of one Nest version, which share its node_modules.
 *
 * @param {string} folder
 * @param {Project['nest']} nest
 */
export async function makeWorkshop(folder, nest) {
  await mkdir(folder);
  await writeJson(join(folder, 'package.json'), { private: true });
  await npmInstall(folder, GENERATORS[nest].packages);
}

/**
 * Makes an application as `nest new` does.
 *
 * @param {string} workshop
 * @param {{ name: string, options: string[] }} application
 */
export async function generateApplication(workshop, { name, options }) {
  const generator = 'node_modules/@angular-devkit/schematics-cli/bin/schematics.js';
  const words = [generator, '@nestjs/schematics:application', `--name=${name}`, ...options];
  await run(`Nest's generator for ${name}`, [process.execPath, ...words], { cwd: workshop });
}

/**
 * Makes a project as `nest new` does, most with `--strict`, and replaces the service of the starter by ours.
 *
 * @param {string} workshop
 * @param {Project} project
 * @returns {Promise<string>} its folder
 */
export async function makeProject(workshop, project) {
  const name = folderNameOf(project);
  const strict = project.testRunner ? [] : ['--strict'];
  const options = [...strict, ...GENERATORS[project.nest].options(project)];
  await generateApplication(workshop, { name, options });
  const folder = join(workshop, name);
  for (const path of ['src', 'test']) await rm(join(folder, path), { recursive: true });
  await mkdir(join(folder, 'src'));
  for (const [file, text] of Object.entries(serviceSources(project))) {
    await writeFile(join(folder, 'src', file), text);
  }
  await configure(folder, project);
  return folder;
}

/** @param {string} folder @param {Project} project */
async function configure(folder, project) {
  const file = join(folder, 'package.json');
  const manifest = await readJson(file);
  await writeJson(file, { ...manifest, ...(project.modules === 'esm' && { type: 'module' }) });
  if (project.hasEachPart) {
    await writeJson(join(folder, 'tsconfig.parts.json'), {
      extends: './tsconfig.json',
      include: ['src', 'test'],
    });
  }
  if (project.isLegacy) await writeJson(join(folder, 'tsconfig.json'), { compilerOptions: LEGACY });
}

/** The packages of a starter that compile it and run its tests. It also has linters, formatters and bundlers. */
const NEEDED = [
  ...['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', '@nestjs/testing'],
  ...['reflect-metadata', 'rxjs', 'typescript', '@types/node', '@types/jest'],
  ...['supertest', '@types/supertest'],
];
const RUNNERS = { jest: ['jest', 'ts-jest'], vitest: ['vitest', 'vite-tsconfig-paths'] };

/**
 * Installs the packages that the projects of one Nest version declare, and those that `guards:copy` prints.
 *
 * @param {string} workshop
 * @param {MadeProject[]} made
 */
export async function installPackages(workshop, made) {
  const { nest } = made[0].project;
  const packages = new Set([`@nestjs/platform-fastify@${nest}`]);
  for (const { folder, project } of made) {
    for (const declared of await declaredBy(folder, project)) packages.add(declared);
    if (project.by !== 'copy') continue;
    for (const missing of await copyInto(folder, project)) packages.add(missing);
  }
  // Services with Jest get jwks-rsa 3, others 4. Those of Nest 11 are tried with 3, and those of Nest 12 with 4.
  packages.delete(nest === '11' ? 'jwks-rsa@4' : 'jwks-rsa@3');
  await npmInstall(workshop, [...packages]);
}

/** @param {string} folder @param {Project} project */
async function declaredBy(folder, { testRunner }) {
  const manifest = await readJson(join(folder, 'package.json'));
  /** @type {Record<string, string>} */
  const declared = { ...manifest.dependencies, ...manifest.devDependencies };
  const names = [...NEEDED, ...(testRunner ? RUNNERS[testRunner] : [])];
  return names
    .filter((name) => Object.hasOwn(declared, name))
    .map((name) => `${name}@${declared[name]}`);
}

/**
 * @param {string} folder
 * @param {Project} project
 * @returns {Promise<string[]>} the packages that the command prints
 */
async function copyInto(folder, { copyOptions = [], hasEachPart }) {
  const packages = await packagesOfCopy(folder, copyOptions);
  const again = await copyGuards(folder, []);
  if (!again.includes('is up to date')) throw new Failure(`A second copy changed files:\n${again}`);
  const parts = hasEachPart ? Object.keys(PARTS).filter((part) => part !== 'tests') : [];
  for (const part of parts) {
    packages.push(...(await packagesOfCopy(folder, ['--with', part, '--to', `src/with-${part}`])));
  }
  return packages;
}

/**
 * Copies the guards into a service.
 *
 * @param {string} folder
 * @param {string[]} options
 * @returns {Promise<string[]>} the packages that the command prints
 */
export async function packagesOfCopy(folder, options) {
  const output = await copyGuards(folder, options);
  const lines = [...output.matchAll(/^ +npm install (?:--save-dev )?(.+)$/gm)];
  return lines.flatMap(([, packages]) => packages.split(' '));
}

/** @param {string} folder @param {string[]} options */
function copyGuards(folder, options) {
  const words = [process.execPath, 'tools/run.mjs', 'guards-copy', folder, ...options];
  return run(
    `guards:copy to ${folder}`,
    /** @type {import('../terminal/processes.mjs').Words} */ (words),
    {
      cwd: ROOT,
    },
  );
}

/** @param {string} file @returns {Promise<Record<string, any>>} */
async function readJson(file) {
  return JSON.parse(await readFile(file, 'utf8'));
}

/** @param {string} file @param {object} value */
function writeJson(file, value) {
  return writeFile(file, JSON.stringify(value, undefined, 2));
}

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npmInstall, run } from '../guards-package/command.mjs';
import { jestConfiguration } from '../guards-copy/test-runner.mjs';
import { nameOf } from './projects.mjs';
import { serviceSources } from './service-sources.mjs';

/** The generator that `nest new` uses, with the version of its engine; of Nest 11 it knows no ES modules. */
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

/** As the starter of Nest 10 had it, but for the target: the guards need ES2022. */
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

/** A folder for all projects of one Nest: they find their packages in its node_modules. */
export async function makeWorkshop(folder, nest) {
  await mkdir(folder);
  await writeJson(join(folder, 'package.json'), { private: true });
  await npmInstall(folder, GENERATORS[nest].packages);
}

/**
 * Makes a project as `nest new` does, most with `--strict`, with our service in place of the starter's.
 *
 * @param {string} workshop
 * @param {import('./projects.mjs').Project} project
 * @returns {Promise<string>} its folder
 */
export async function makeProject(workshop, project) {
  const name = nameOf(project);
  const generator = ['node_modules/@angular-devkit/schematics-cli/bin/schematics.js'];
  const strict = project.testRunner ? [] : ['--strict'];
  const options = [`--name=${name}`, ...strict, ...GENERATORS[project.nest].options(project)];
  const words = [process.execPath, ...generator, '@nestjs/schematics:application', ...options];
  await run(`Nest's generator for ${name}`, words, { cwd: workshop });
  const folder = join(workshop, name);
  for (const path of ['src', 'test']) await rm(join(folder, path), { recursive: true });
  await mkdir(join(folder, 'src'));
  for (const [file, text] of Object.entries(serviceSources(project))) {
    await writeFile(join(folder, 'src', file), text);
  }
  await configure(folder, project);
  return folder;
}

async function configure(folder, project) {
  await editJson(join(folder, 'package.json'), (manifest) => ({
    ...manifest,
    ...(project.modules === 'esm' && { type: 'module' }),
    ...(project.testRunner === 'jest' && { jest: { ...manifest.jest, ...jestOf(project) } }),
  }));
  if (project.isLegacy) await writeJson(join(folder, 'tsconfig.json'), { compilerOptions: LEGACY });
}

function jestOf({ nest }) {
  return jestConfiguration({ declares: (name) => name === 'jest', major: nest });
}

async function editJson(file, edit) {
  await writeJson(file, edit(JSON.parse(await readFile(file, 'utf8'))));
}

function writeJson(file, value) {
  return writeFile(file, JSON.stringify(value, undefined, 2));
}

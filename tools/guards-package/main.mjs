/**
 * `node tools/run.mjs guards-package`: packs libs/guards as npm would publish it, checks its files and metadata, installs it
 * into new projects, with each supported Nest and without Nest, and uses it there: by import, by require, and with TypeScript.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { defineCommand, Failure } from '../terminal/command.mjs';
import { npmInstall, run } from '../terminal/processes.mjs';
import { copyWorkspace, filesIn, ROOT } from '../workspace.mjs';
import { consumerSources, ENTRIES, manifest } from './consumers.mjs';

const LIBRARY = join(ROOT, 'libs/guards');
const DOCUMENTS = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
/** The tools of this repository read these from the sources. */
const NOT_PUBLISHED = /^(?:src\/explain|testing\/corpus)\//;
const STRICT = [
  ...['--strict', '--noEmit', '--target', 'ES2023', '--experimentalDecorators'],
  ...['--types', 'node'],
];
/** Without `skipLibCheck`, which most projects set: our declarations are checked too. */
const COMPILATIONS = {
  'moduleResolution nodenext': ['--module', 'nodenext', 'types.ts', 'types.cts'],
  'moduleResolution bundler': ['--module', 'esnext', '--moduleResolution', 'bundler', 'types.ts'],
};
/** That of older starters. TypeScript 6 no longer has it. */
const NODE_10 = ['--module', 'commonjs', '--moduleResolution', 'node10', 'types.ts'];
/**
 * TypeScript is the version of Nest's own starter.
 *
 * @type {{ nest: string, typescript: string, compilations: Record<string, string[]> }[]}
 */
const NESTS = [
  {
    nest: '11',
    typescript: '5.9',
    compilations: { ...COMPILATIONS, 'moduleResolution node10': NODE_10 },
  },
  { nest: '12', typescript: '6.0', compilations: COMPILATIONS },
];

export const command = defineCommand({
  usage: 'Usage: node tools/run.mjs guards-package   packs the guards and uses the package',
  options: {},
  run: checkPackage,
});

/** @throws {Failure} with the fault of the package */
async function checkPackage() {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-package-'));
  try {
    const { tarball, files } = await packGuards(folder);
    requireSameFiles(files, expectedFiles());
    requireEntryPoints(files);
    await requireSameLicence();
    print(`${files.length} files: every source as JavaScript, map and types; README and licence`);
    await lintPackage(tarball);
    await tryCore({ folder, tarball });
    await Promise.all(NESTS.map((versions) => tryWith(versions, { folder, tarball })));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`package: ${text}\n`);
}

/**
 * `npm pack` into a folder, from a copy of the workspace in it. Packing deletes and compiles `dist`, which must not disturb
 * other processes that run or pack it.
 *
 * @param {string} folder
 * @returns {Promise<{ tarball: string, files: string[] }>}
 */
export async function packGuards(folder) {
  const workspace = join(folder, 'workspace');
  await copyWorkspace(workspace);
  const json = await run('npm pack', ['npm', 'pack', '--json', '--pack-destination', folder], {
    cwd: join(workspace, 'libs/guards'),
  });
  /** @type {{ filename: string, files: { path: string }[] }[]} */
  const [packed] = JSON.parse(json);
  return { tarball: join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** Each source as JavaScript with its map, and its types. No other files. */
function expectedFiles() {
  const compiled = ['src', 'testing']
    .flatMap((folder) => filesIn(LIBRARY, folder))
    .filter((path) => !NOT_PUBLISHED.test(path))
    .flatMap((path) =>
      ['js', 'js.map', 'd.ts'].map((ending) => `dist/${path.slice(0, -2)}${ending}`),
    );
  const pages = existsSync(join(LIBRARY, 'docs')) ? filesIn(LIBRARY, 'docs') : [];
  return [...DOCUMENTS, ...pages, ...compiled];
}

/** @param {string[]} files @param {string[]} expected */
function requireSameFiles(files, expected) {
  const missing = expected.filter((path) => !files.includes(path)).map((path) => `- ${path}`);
  const added = files.filter((path) => !expected.includes(path)).map((path) => `+ ${path}`);
  const differences = [...missing, ...added];
  if (differences.length === 0) return;
  throw new Failure(`The package has other files than expected:\n  ${differences.join('\n  ')}`);
}

async function requireSameLicence() {
  const [own, copied] = await Promise.all(
    ['LICENSE', 'libs/guards/LICENSE'].map((path) => readFile(join(ROOT, path), 'utf8')),
  );
  if (own !== copied) throw new Failure('libs/guards/LICENSE is not that of the repository.');
}

/** @param {string[]} files */
function requireEntryPoints(files) {
  const paths = Object.values(manifest.exports).flatMap(({ types, default: main }) => [
    types,
    main,
  ]);
  const missing = paths.filter((path) => !files.includes(posix.normalize(path)));
  if (missing.length > 0) throw new Failure(`The package lacks ${missing.join(', ')}`);
}

/**
 * Linters of packages. The guards are ES modules, which CommonJS loads by `require()` from Node 20.19 on. For TypeScript
 * with `moduleResolution: node10`, as in older starters of Nest, `typesVersions` names the types.
 *
 * @type {{ name: string, version: string, options: string[] }[]}
 */
const LINTERS = [
  { name: 'publint', version: '0.3.25', options: ['--strict'] },
  {
    name: '@arethetypeswrong/cli',
    version: '0.18.5',
    options: ['--ignore-rules', 'cjs-resolves-to-esm'],
  },
];

/** @param {string} tarball @throws {Failure} with what a linter found */
async function lintPackage(tarball) {
  const cwd = dirname(tarball);
  for (const { name, version, options } of LINTERS) {
    const tool = `${name}@${version}`;
    const isPublished = await run(tool, ['npm', 'view', tool, 'version'], { cwd }).then(
      () => true,
      () => false,
    );
    if (isPublished) await run(tool, ['npx', '--yes', tool, tarball, ...options], { cwd });
    print(isPublished ? `${tool}: no findings` : `${tool}: NOT RUN, the registry does not have it`);
  }
}

/** Node without Nest: the core needs one package. @param {{ folder: string, tarball: string }} packed */
async function tryCore({ folder, tarball }) {
  const cwd = join(folder, 'plain');
  await mkdir(cwd);
  await writeFile(join(cwd, 'package.json'), '{ "private": true, "type": "module" }');
  await npmInstall(cwd, [tarball]);
  const core = "import('@gatehouse/guards/core').then(({ createVerifier }) => createVerifier.name)";
  await run('The core without Nest', [process.execPath, '--eval', core], { cwd });
  if (existsSync(join(cwd, 'node_modules/@nestjs'))) {
    throw new Failure('The package installs Nest into a project that does not use it.');
  }
  const lock = JSON.parse(await readFile(join(cwd, 'node_modules/.package-lock.json'), 'utf8'));
  const count = Object.keys(lock.packages).length;
  print(`without Nest: the core works, with ${count} packages in node_modules`);
}

/**
 * @param {NESTS[number]} versions
 * @param {{ folder: string, tarball: string }} packed
 */
async function tryWith({ nest, typescript, compilations }, { folder, tarball }) {
  const cwd = join(folder, `nest-${nest}`);
  /** @param {string[]} names */
  const ofNest = (...names) => names.map((name) => `@nestjs/${name}@${nest}`);
  await mkdir(cwd);
  await writeFile(join(cwd, 'package.json'), '{ "private": true, "type": "module" }');
  await writeSources(cwd, false);
  await npmInstall(cwd, [
    tarball,
    ...ofNest('core', 'common', 'platform-express'),
    ...['reflect-metadata', 'rxjs', `typescript@${typescript}`, '@types/node@20'],
  ]);
  await usePackage(cwd, `Nest ${nest}`, compilations);
  await npmInstall(cwd, [
    ...ofNest('websockets', 'microservices', 'passport'),
    ...['graphql@16', 'passport@0.7', 'passport-jwt@4', '@types/passport-jwt@4'],
  ]);
  await writeSources(cwd, true);
  await usePackage(cwd, `Nest ${nest} with the packages of every entry point`, compilations);
}

/** @param {string} cwd @param {boolean} hasAll */
async function writeSources(cwd, hasAll) {
  const sources = consumerSources(hasAll ? ENTRIES.all : ENTRIES.withNest);
  for (const [file, text] of Object.entries(sources)) await writeFile(join(cwd, file), text);
}

/** @param {string} cwd @param {string} where @param {Record<string, string[]>} compilations */
async function usePackage(cwd, where, compilations) {
  await run(`import on ${where}`, [process.execPath, 'imports.mjs'], { cwd });
  await run(`require() on ${where}`, [process.execPath, 'requires.cjs'], { cwd });
  const tsc = 'node_modules/typescript/bin/tsc';
  for (const [name, options] of Object.entries(compilations)) {
    const what = `TypeScript on ${where}, ${name}`;
    await run(what, [process.execPath, tsc, ...STRICT, ...options], { cwd });
  }
  const resolutions = Object.keys(compilations).length;
  print(`${where}: import, require() and ${resolutions} module resolutions of TypeScript`);
}

/**
 * `node tools/run.mjs guards-package`: packs libs/guards as npm would publish it, checks its files, installs it into new
 * projects of each supported Nest, and uses it there: by import, by require, and with TypeScript.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineCommand, Failure } from '../terminal/command.mjs';
import { npmInstall, run } from '../terminal/processes.mjs';
import { copyWorkspace, filesIn, ROOT } from '../workspace.mjs';

const LIBRARY = join(ROOT, 'libs/guards');
const DOCUMENTS = ['LICENSE', 'README.md', 'package.json'];
/** The tools of this repository read these from the sources. */
const NOT_PUBLISHED = /^(?:src\/explain|testing\/corpus)\//;
/** TypeScript is the version of Nest's own starter. */
const NESTS = [
  { nest: '11', typescript: '5.9' },
  { nest: '12', typescript: '6.0' },
];
const STRICT = ['--strict', '--noEmit', '--target', 'ES2023', '--experimentalDecorators'];
/** Without `skipLibCheck`, which most projects set: our declarations are checked too. */
const COMPILATIONS = {
  'moduleResolution nodenext': ['--module', 'nodenext', 'types.ts', 'types.cts'],
  'moduleResolution bundler': ['--module', 'esnext', '--moduleResolution', 'bundler', 'types.ts'],
};

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
    await requireSameLicence();
    print(`${files.length} files: every source as JavaScript, map and types; README and licence`);
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
  return [...DOCUMENTS, ...compiled];
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

/**
 * @param {{ nest: string, typescript: string }} versions
 * @param {{ folder: string, tarball: string }} packed
 */
async function tryWith({ nest, typescript }, { folder, tarball }) {
  const cwd = join(folder, `nest-${nest}`);
  /** @param {string[]} names */
  const ofNest = (...names) => names.map((name) => `@nestjs/${name}@${nest}`);
  await mkdir(cwd);
  await writeFile(join(cwd, 'package.json'), '{ "private": true, "type": "module" }');
  await writeSources(cwd, false);
  await npmInstall(cwd, [
    tarball,
    ...ofNest('core', 'common', 'platform-express'),
    ...[`typescript@${typescript}`, '@types/node@20', '@types/passport-jwt'],
  ]);
  await usePackage(cwd, `Nest ${nest}`);
  await npmInstall(cwd, [...ofNest('websockets', 'microservices'), 'graphql@16']);
  await writeSources(cwd, true);
  await usePackage(cwd, `Nest ${nest} with every transport`);
}

/** @param {string} cwd @param {boolean} hasTransports */
async function writeSources(cwd, hasTransports) {
  const sources = consumerSources({ name: '@gatehouse/guards', hasTransports });
  for (const [file, text] of Object.entries(sources)) await writeFile(join(cwd, file), text);
}

/** @param {string} cwd @param {string} where */
async function usePackage(cwd, where) {
  await run(`import on ${where}`, [process.execPath, 'imports.mjs'], { cwd });
  await run(`require() on ${where}`, [process.execPath, 'requires.cjs'], { cwd });
  const tsc = 'node_modules/typescript/bin/tsc';
  for (const [name, options] of Object.entries(COMPILATIONS)) {
    const what = `TypeScript on ${where}, ${name}`;
    await run(what, [process.execPath, tsc, ...STRICT, ...options], { cwd });
  }
  print(`${where}: import, require() and both resolutions of TypeScript`);
}

const ENTRY_POINTS = ['', '/dpop', '/testing'];
const TRANSPORTS = ['/graphql', '/websockets', '/microservices'];

/**
 * Programs that use the installed package.
 *
 * @param {{ name: string, hasTransports: boolean }} options
 * @returns {Record<string, string>} sources by file name
 */
function consumerSources({ name, hasTransports }) {
  const entries = [...ENTRY_POINTS, ...(hasTransports ? TRANSPORTS : [])].map((at) => name + at);
  return {
    'imports.mjs': entries.map((entry) => `await import('${entry}');\n`).join(''),
    'requires.cjs': entries.map((entry) => `require('${entry}');\n`).join(''),
    'types.ts': typeProgram(name, entries),
    'types.cts': typeProgram(name, entries),
  };
}

/**
 * Code that must compile, and lines that must not, because without types every line would.
 *
 * @param {string} name
 * @param {string[]} entries
 */
function typeProgram(name, entries) {
  const all = entries.map((entry, at) => `import * as entry${at} from '${entry}';`);
  return `${all.join('\n')}
import { Controller, Get, Module } from '@nestjs/common';
import { AccessToken, defineScopes, GuardsModule } from '${name}';
import { TestIssuer } from '${name}/testing';

export const entryPoints = [${entries.map((_entry, at) => `entry${at}`).join(', ')}];
const orders = defineScopes('orders:read');

@Controller('orders')
export class OrdersController {
  @Get()
  @orders.RequireScopes('orders:read')
  list(@AccessToken() token: AccessToken): string {
    return token.subject;
  }

  // @ts-expect-error the scope is not defined
  @orders.RequireScopes('orders:raed')
  misspelt() {}
}

@Module({
  imports: [
    GuardsModule.forRoot({ issuer: 'https://a.example', audience: 'b', algorithms: ['ES256'] }),
    // @ts-expect-error the guards do not allow HMAC
    GuardsModule.forRoot({ issuer: 'https://a.example', audience: 'b', algorithms: ['HS256'] }),
  ],
})
export class AppModule {}

export const token = async (): Promise<string> => (await TestIssuer.start()).accessToken();
`;
}

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../terminal/failure.mjs';
import { ROOT } from '../workspace.mjs';
import { npmInstall, run } from './command.mjs';
import { consumer } from './consumer.mjs';
import { expectedFiles, packGuards } from './package-files.mjs';

/** TypeScript is that of Nest's own starter. */
const NESTS = [
  { nest: '11', typescript: '5.9' },
  { nest: '12', typescript: '6.0' },
];
const STRICT = ['--strict', '--noEmit', '--target', 'ES2023', '--experimentalDecorators'];
/** Declarations of ours are checked too, which most projects leave out: `skipLibCheck` is off. */
const COMPILATIONS = {
  'moduleResolution nodenext': ['--module', 'nodenext', 'types.ts', 'types.cts'],
  'moduleResolution bundler': ['--module', 'esnext', '--moduleResolution', 'bundler', 'types.ts'],
};

/** @throws {Failure} that says what is wrong with the package */
export async function checkPackage() {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-package-'));
  try {
    const { tarball, files } = await packGuards(folder);
    requireSame(files, expectedFiles());
    await requireOurLicence();
    say(`${files.length} files: every source as JavaScript, map and types; README and licence`);
    await Promise.all(NESTS.map((versions) => tryWith(versions, { folder, tarball })));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function say(text) {
  process.stdout.write(`package: ${text}\n`);
}

function requireSame(files, expected) {
  const missing = expected.filter((path) => !files.includes(path)).map((path) => `- ${path}`);
  const added = files.filter((path) => !expected.includes(path)).map((path) => `+ ${path}`);
  const differences = [...missing, ...added];
  if (differences.length === 0) return;
  throw new Failure(`The package is not what it should be:\n  ${differences.join('\n  ')}`);
}

async function requireOurLicence() {
  const [own, copied] = await Promise.all(
    ['LICENSE', 'libs/guards/LICENSE'].map((path) => readFile(join(ROOT, path), 'utf8')),
  );
  if (own !== copied) throw new Failure('libs/guards/LICENSE is not that of the repository.');
}

async function tryWith({ nest, typescript }, { folder, tarball }) {
  const cwd = join(folder, `nest-${nest}`);
  const of = (...names) => names.map((name) => `@nestjs/${name}@${nest}`);
  await mkdir(cwd);
  await writeFile(join(cwd, 'package.json'), '{ "private": true, "type": "module" }');
  await writeSources(cwd, { hasTransports: false });
  await npmInstall(cwd, [
    tarball,
    ...of('core', 'common', 'platform-express'),
    ...[`typescript@${typescript}`, '@types/node@20', '@types/passport-jwt'],
  ]);
  await use(cwd, `Nest ${nest}`);
  await npmInstall(cwd, [...of('websockets', 'microservices'), 'graphql@16']);
  await writeSources(cwd, { hasTransports: true });
  await use(cwd, `Nest ${nest} with every transport`);
}

async function writeSources(cwd, options) {
  const sources = consumer({ name: '@gatehouse/guards', ...options });
  for (const [file, text] of Object.entries(sources)) await writeFile(join(cwd, file), text);
}

async function use(cwd, where) {
  await run(`import on ${where}`, [process.execPath, 'imports.mjs'], { cwd });
  await run(`require() on ${where}`, [process.execPath, 'requires.cjs'], { cwd });
  for (const [name, words] of Object.entries(COMPILATIONS)) {
    const tsc = [process.execPath, 'node_modules/typescript/bin/tsc', ...STRICT, ...words];
    await run(`TypeScript on ${where}, ${name}`, tsc, { cwd });
  }
  say(`${where}: import, require() and both resolutions of TypeScript`);
}

/**
 * `node ../../tools/run.mjs bundle` in the folder of an app, the last step of its build: puts the modules that `dist/main.js`
 * imports into that file. Node finds, reads and links 3,000 files in more than half of the time that an app needs to start.
 * With `--image <folder>` it also bundles the migrations, and copies what a container needs into the folder.
 */
import { existsSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { defineCommand, Failure } from '../terminal/command.mjs';
import { ROOT } from '../workspace.mjs';
import { copyRunTimeFiles } from './image.mjs';

/** Packages with a binary, which they find by their own path. */
const NATIVE = ['better-sqlite3', '@node-rs/argon2'];
/** TypeORM requires the driver by its name, and the page of the API reads files of its package. */
const FOUND_BY_NAME = ['pg', 'swagger-ui-dist'];
/** Packages that the operations CLI loads only to read TypeScript or to write a migration. */
const DEVELOPMENT = ['prettier', 'typescript'];
/** Packages that Nest imports when a program uses the feature. No app has them. */
const NOT_INSTALLED = [
  ...['@nestjs/microservices', '@nestjs/websockets', '@nestjs/platform-express'],
  ...['class-transformer', 'class-validator', '@fastify/multipart', '@fastify/static'],
  ...['@fastify/view', '@grpc/*', '@nats-io/*', 'amqp-*', 'ioredis', 'kafkajs', 'mqtt'],
];
/** CommonJS packages call `require`, which an ES module does not have. */
const REQUIRE =
  `import { createRequire as createBundleRequire } from 'node:module';` +
  `const require = createBundleRequire(import.meta.url);` +
  `const __Name = (target, value) => Object.defineProperty(target, 'name', { value, configurable: true });`;

export const command = defineCommand({
  usage: `Usage: node ../../tools/run.mjs bundle [--image <folder>]   in the folder of a built app: bundles dist/main.js

  --image <folder>   writes what a container needs to the folder, and leaves dist as it is`,
  options: { image: { type: 'string' } },
  run: ({ image }) =>
    image ? writeImage(process.cwd(), image) : bundle(join(process.cwd(), MAIN)),
});

const MAIN = 'dist/main.js';

/** @param {string} folder of a built app @param {string} target */
async function writeImage(folder, target) {
  const app = relative(ROOT, folder);
  const migration = ['dist/ops.js', 'dist/migrate.js'].find((file) =>
    existsSync(join(folder, file)),
  );
  if (!migration) throw new Failure(`${app} is not built. Run: npm run build`);
  copyRunTimeFiles({ app, target, packages: [...NATIVE, ...FOUND_BY_NAME] });
  await bundle(join(folder, migration), join(target, app, migration));
  for (const file of [MAIN, `${MAIN}.map`]) await cp(join(folder, file), join(target, app, file));
}

/** @param {string} file @param {string} [outfile] by default, the bundle replaces the file; the other built files stay */
async function bundle(file, outfile = file) {
  await build({
    entryPoints: [file],
    outfile,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    // esbuild renames classes that name themselves, and Nest logs the names of classes.
    keepNames: true,
    external: [...NATIVE, ...NOT_INSTALLED, ...DEVELOPMENT],
    banner: { js: REQUIRE },
    // A process keeps the text of the bundle in memory.
    minifyWhitespace: true,
    lineLimit: 160,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    plugins: [keepOwnPaths(dirname(file))],
  });
  const text = await readFile(outfile, 'utf8');
  await writeFile(outfile, keepOnlyNamesOfClasses(text));
}

/** With `keepNames` each closure of a request calls `__name`. The length of the text stays, for the source map. */
const keepOnlyNamesOfClasses = (/** @type {string} */ text) =>
  text
    .replaceAll('__name(this,', '__Name(this,')
    .replace(/(var __name=\(target,value\)=>)([^;]*)/, (_, head, body) => {
      return head + 'target'.padEnd(body.length);
    });

/**
 * A module of this repository finds the files beside it by `import.meta.url`. In the bundle that is the address of the bundle.
 *
 * @param {string} folder of the bundle
 * @returns {import('esbuild').Plugin}
 */
const keepOwnPaths = (folder) => ({
  name: 'keep own paths',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/](apps|libs)[\\/][^\\/]+[\\/]dist[\\/].*\.js$/ }, async ({ path }) => {
      if (!path.startsWith(ROOT)) return undefined;
      const address = JSON.stringify(relative(folder, path).replaceAll(sep, '/'));
      const contents = await readFile(path, 'utf8');
      const url = `new URL(${address}, import.meta.url).href`;
      return { contents: contents.replaceAll('import.meta.url', url) };
    });
  },
});

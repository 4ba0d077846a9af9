/**
 * `node ../../tools/run.mjs bundle` in the folder of an app, the last step of its build: puts the modules that `dist/main.js`
 * imports into that file. Node finds, reads and links 3,000 files in more than half of the time that an app needs to start.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { defineCommand } from '../terminal/command.mjs';
import { ROOT } from '../workspace.mjs';

/** Packages with a binary, which they find by their own path. */
const NATIVE = ['better-sqlite3', '@node-rs/argon2'];
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
  usage:
    'Usage: node ../../tools/run.mjs bundle   in the folder of a built app: bundles dist/main.js',
  options: {},
  run: () => bundle(join(process.cwd(), 'dist/main.js')),
});

/** @param {string} file replaced by the bundle; the other built files stay */
async function bundle(file) {
  await build({
    entryPoints: [file],
    outfile: file,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    // esbuild renames classes that name themselves, and Nest logs the names of classes.
    keepNames: true,
    external: [...NATIVE, ...NOT_INSTALLED],
    banner: { js: REQUIRE },
    // A process keeps the text of the bundle in memory.
    minifyWhitespace: true,
    lineLimit: 160,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    plugins: [keepOwnPaths(dirname(file))],
  });
  const text = await readFile(file, 'utf8');
  await writeFile(file, keepOnlyNamesOfClasses(text));
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

/**
 * The bundles of `npm run dev`, straight from the TypeScript files of apps and libraries. They contain no packages: in 0.3 s
 * esbuild finds out what a change means for every app, and an app whose bundle is the same need not restart.
 */
import { readFileSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transform } from '@swc/core';
import { context } from 'esbuild';
import { ROOT } from '../workspace.mjs';

const { $schema: _, ...SWC } = JSON.parse(readFileSync(join(ROOT, 'tools/swc.json'), 'utf8'));

/** @param {string} app */
export const bundleOf = (app) => `apps/${app}/dist/dev.js`;

/** Bundles all apps again and again. esbuild and this class keep what did not change. */
export class SourceBundles {
  /** @type {Map<string, string>} hash of the bundle that is on the disk, by app */
  #written = new Map();

  /** @param {string[]} apps @param {import('esbuild').BuildContext} builder */
  constructor(apps, builder) {
    this.apps = apps;
    this.builder = builder;
  }

  /** @param {string[]} apps */
  static async create(apps) {
    const builder = await context({
      entryPoints: apps.map((app) => ({ in: `apps/${app}/src/main.ts`, out: outputName(app) })),
      absWorkingDir: ROOT,
      outdir: ROOT,
      write: false,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20.19',
      conditions: ['@gatehouse/source'],
      // esbuild renames classes that name themselves, and Nest logs the names of classes.
      keepNames: true,
      sourcemap: true,
      sourcesContent: false,
      logLevel: 'silent',
      plugins: [packagesStayOutside, compiledBySwc()],
    });
    return new SourceBundles(apps, builder);
  }

  /**
   * Writes the bundles that differ from those on the disk.
   *
   * @returns {Promise<string[]>} their apps
   * @throws {Error} for a source that does not compile, with its place
   */
  async update() {
    const { outputFiles = [] } = await this.builder.rebuild();
    const contents = new Map(outputFiles.map((file) => [file.path, file]));
    /** @param {string} app */
    const codeOf = (app) => contents.get(join(ROOT, bundleOf(app)));
    const changed = this.apps.filter((app) => codeOf(app)?.hash !== this.#written.get(app));
    for (const app of changed) {
      for (const path of [bundleOf(app), `${bundleOf(app)}.map`]) {
        await mkdir(dirname(join(ROOT, path)), { recursive: true });
        await writeFile(join(ROOT, path), contents.get(join(ROOT, path))?.contents ?? '');
      }
      this.#written.set(app, codeOf(app)?.hash ?? '');
    }
    return changed;
  }

  dispose() {
    return this.builder.dispose();
  }
}

/** @param {string} app */
const outputName = (app) => bundleOf(app).replace(/\.js$/, '');

/** @type {import('esbuild').Plugin} */
const packagesStayOutside = {
  name: 'packages stay outside',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === 'entry-point' || path.startsWith('@gatehouse/')) return undefined;
      return { path, external: true };
    });
  },
};

/** esbuild emits no metadata of decorators, from which Nest knows what to inject. @returns {import('esbuild').Plugin} */
function compiledBySwc() {
  /** @type {Map<string, { mtimeMs: number, contents: string }>} */
  const compiled = new Map();
  return {
    name: 'compiled by swc',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const { mtimeMs } = await stat(path);
        const known = compiled.get(path);
        if (known?.mtimeMs === mtimeMs) return { contents: known.contents };
        const contents = await compile(path);
        compiled.set(path, { mtimeMs, contents });
        return { contents };
      });
    },
  };
}

/** @param {string} path */
async function compile(path) {
  const options = { ...SWC, swcrc: false, configFile: false, filename: path };
  const source = await readFile(path, 'utf8');
  const { code } = await transform(source, { ...options, sourceMaps: 'inline' }).catch((error) => {
    // Behind the place, swc lists its own stack.
    throw new Error(error.message.split('\n\n\nCaused by')[0]);
  });
  // A module finds the files beside it by its own address.
  return code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
}

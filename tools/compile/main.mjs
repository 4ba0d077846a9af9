/**
 * `node ../../tools/run.mjs compile <folder>…` in the folder of a project: the first step of its build. Compiles TypeScript with
 * tools/swc.json into `dist`, and copies the other files. esbuild writes no decorator metadata, which Nest's injection needs.
 */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { transformFile } from '@swc/core';
import { defineCommand, UsageError } from '../terminal/command.mjs';
import { filesIn, ROOT } from '../workspace.mjs';

const OPTIONS = { configFile: join(ROOT, 'tools/swc.json'), swcrc: false };

export const command = defineCommand({
  usage: `Usage: node ../../tools/run.mjs compile <folder>… [--out dist]

In the folder of a project. The files of one folder go to the top of dist; several folders keep their names.`,
  options: { out: { type: 'string', default: 'dist' } },
  allowPositionals: true,
  run: ({ out }, folders) => {
    if (folders.length === 0) throw new UsageError('Name the folders to compile, such as src.');
    return compile(folders, out);
  },
});

/** @param {string[]} folders @param {string} out is emptied first */
async function compile(folders, out) {
  await rm(out, { recursive: true, force: true });
  const files = folders.flatMap((folder) =>
    filesIn(folder).map((path) => {
      const target = folders.length === 1 ? join(out, path) : join(out, folder, path);
      return { source: join(folder, path), target };
    }),
  );
  await Promise.all(files.map(compileFile));
}

/** @param {{ source: string, target: string }} file */
async function compileFile({ source, target }) {
  await mkdir(dirname(target), { recursive: true });
  if (!source.endsWith('.ts')) return copyFile(source, target);
  const file = target.replace(/\.ts$/, '.js');
  const sourceFileName = relative(dirname(file), source).replaceAll('\\', '/');
  const { code, map = '' } = await transformFile(source, { ...OPTIONS, sourceFileName });
  const mapName = `${file.split(/[\\/]/).pop()}.map`;
  await Promise.all([
    writeFile(file, `${code}\n//# sourceMappingURL=${mapName}`),
    writeFile(`${file}.map`, map),
  ]);
}

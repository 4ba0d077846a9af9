/**
 * `node tools/run.mjs remove-check` removes all optional parts from a copy of the workspace, and checks types, imports, format, lint and
 * links there. With `--each`, it does the same for each part alone. Without it, only the edits of each part alone are tried.
 * Parts that are named get what a team does after the removal: documents, tests and build too.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesBelow, optionalParts, PARTS, patternOf, removeParts } from '../create/parts.mjs';
import { defineCommand, Failure } from '../terminal/command.mjs';
import { secondsSince } from '../terminal/output.mjs';
import { run } from '../terminal/processes.mjs';
import { copyWorkspace, makeFolderForCopies, projectFolders, ROOT } from '../workspace.mjs';

/** One program for all projects: the parts that they share are read once. */
const TYPES = {
  extends: './tsconfig.base.json',
  include: ['apps/*/src', 'apps/*/test', 'libs/*/src', 'libs/*/test', 'libs/*/testing'],
};

export const command = defineCommand({
  usage: `Usage: node tools/run.mjs remove-check [<parts>] [--each]   removes all optional parts from a copy, and checks it

  <parts>  instead removes each of them alone, builds, and runs the tests and all checks (minutes)
  --each   also removes each part alone, and checks each copy`,
  options: { each: { type: 'boolean', default: false } },
  allowPositionals: true,
  run: async ({ each }, names) => {
    requireExistingPaths();
    for (const name of names) await inCopy([name], checkWhole);
    if (names.length > 0) return;
    const parts = optionalParts();
    for (const name of parts) await inCopy([name], each ? check : () => undefined);
    await inCopy(parts, check);
  },
});

/** @throws {Failure} for a path or a file of an edit that is missing, because both are ignored in a clone */
function requireExistingPaths() {
  const files = filesBelow(ROOT);
  const faults = [...PARTS].flatMap(([name, { paths, edits }]) =>
    [
      ...paths.filter((path) => !files.some((file) => patternOf(path).test(file))),
      ...edits.map(({ file }) => file).filter((file) => !files.includes(file)),
    ].map((path) => `tools/create/parts/${name}.mjs names ${path}, which does not exist.`),
  );
  if (faults.length > 0) throw new Failure(faults.join('\n'));
}

/**
 * @param {string[]} names
 * @param {(folder: string, edited: string[]) => unknown} check
 */
async function inCopy(names, check) {
  const start = performance.now();
  const folder = makeFolderForCopies('parts');
  try {
    await copyWorkspace(folder);
    const { deleted, edited } = removeParts(folder, names);
    await check(folder, edited);
    const counts = `${deleted.length} files deleted, ${edited.length} edited`;
    process.stdout.write(`without ${names.join(', ')}: ${counts} (${secondsSince(start)} s)\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} cwd @param {string[]} edited */
async function check(cwd, edited) {
  const projects = projectFolders(cwd);
  writeFileSync(join(cwd, 'tsconfig.parts.json'), JSON.stringify(TYPES));
  const sources = edited.filter((file) => /\.(ts|mjs)$/.test(file));
  /** @type {[what: string, words: import('../terminal/processes.mjs').Words][]} */
  const steps = [
    ['types', ['npx', 'tsc', '-p', 'tsconfig.parts.json']],
    ['imports', ['npx', 'depcruise', ...projects, 'tools']],
    ['format', ['npx', 'prettier', '--ignore-unknown', '--check', ...edited]],
    ['lint', ['npx', 'eslint', ...sources]],
  ];
  for (const [what, words] of steps) await run(what, words, { cwd, env: process.env });
  await requireLinkTargets(cwd);
}

/** Without the checks of the source alone, which the scripts of the copy include. @param {string} cwd */
async function checkWhole(cwd) {
  const options = ['--package-lock-only', '--ignore-scripts', '--prefer-offline', '--no-audit'];
  await run('npm install', ['npm', 'install', ...options], { cwd, env: process.env });
  // Tests and documents ask Git for the files.
  const author = ['-c', 'user.name=check', '-c', 'user.email=check@localhost'];
  await run('git init', ['git', 'init', '--quiet'], { cwd });
  await run('git add', ['git', 'add', '--all'], { cwd });
  await run('git commit', ['git', ...author, 'commit', '--quiet', '--message', 'Remove'], { cwd });
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' };
  for (const script of ['build', 'docs:build', 'docs:check', 'typecheck', 'lint', 'test']) {
    const start = performance.now();
    await run(script, ['npm', 'run', script], { cwd, env });
    process.stdout.write(`  npm run ${script}: ok (${secondsSince(start)} s)\n`);
  }
}

/** @param {string} root @throws {Failure} with the links to missing files and headings */
async function requireLinkTargets(root) {
  const { documents, linksOf, anchorsOf } = await import(
    pathToFileURL(join(root, 'tools/docs/documents.mjs')).href
  );
  /** @param {string} from @param {string} target */
  const isThere = (from, target) => {
    const [path, anchor] = target.split('#');
    const file = join(root, path === '' ? from : join(dirname(from), path));
    if (!existsSync(file) || !anchor || !file.endsWith('.md')) return existsSync(file);
    return anchorsOf({ lines: readFileSync(file, 'utf8').split('\n') }).has(anchor);
  };
  const faults = [];
  for (const document of documents()) {
    for (const { target, line } of linksOf(document)) {
      if (/^\w+:/.test(target) || isThere(document.path, target)) continue;
      faults.push(`${document.path}:${line} links to ${target}, which does not exist.`);
    }
  }
  if (faults.length > 0) throw new Failure(faults.join('\n'));
}

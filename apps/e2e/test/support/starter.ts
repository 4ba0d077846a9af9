import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createTemporaryFolder } from './cleanup.js';
import { ROOT } from './workspace.js';

const AUTHOR = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.org'];

export const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', [...AUTHOR, ...args], { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 });

export function commitAll(cwd: string): void {
  git(cwd, 'add', '--all');
  git(cwd, 'commit', '--quiet', '--allow-empty', '--no-verify', '--message', 'test: change files');
}

export const read = (root: string, path: string): string => readFileSync(join(root, path), 'utf8');

export function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

export const append = (root: string, path: string, text: string): void =>
  appendFileSync(join(root, path), text);

/** Writes a line before the file. */
export const prepend = (root: string, path: string, text: string): void =>
  write(root, path, text + read(root, path));

interface Json {
  version: string;
  readonly scripts: Record<string, string>;
  dependencies?: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly packages: Record<string, object>;
}

/** package.json, or package-lock.json. */
export function editJson(root: string, path: string, edit: (value: Json) => void): void {
  const value: Json = JSON.parse(read(root, path));
  edit(value);
  write(root, path, `${JSON.stringify(value, null, 2)}\n`);
}

interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of tools/ in a folder. */
export function runTool(cwd: string, ...args: string[]): Output {
  const { INIT_CWD: _ofNpm, NODE_OPTIONS: _ofJest, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/run.mjs', ...args], {
    cwd,
    env,
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

/** A repository of the starter at its last release that can upgrade; without such a release, at the files of this workspace. */
export async function releasedStarter(): Promise<string> {
  const folder = join(await createTemporaryFolder(), 'starter');
  git(ROOT, 'init', '--quiet', folder);
  const release = lastRelease();
  if (release === undefined) copyWorkspace(folder);
  else {
    git(folder, 'fetch', '--quiet', '--no-tags', '--depth=1', ROOT, `refs/tags/${release}`);
    git(folder, 'checkout', '--quiet', 'FETCH_HEAD');
  }
  if (release === undefined) commitAll(folder);
  return folder;
}

function lastRelease(): string | undefined {
  return git(ROOT, 'tag', '--list', 'v*', '--merged', 'HEAD', '--sort=-version:refname')
    .split('\n')
    .filter(Boolean)
    .find((tag) => git(ROOT, 'ls-tree', tag, 'tools/upgrade/main.mjs') !== '');
}

/** Replaces the files of a repository by those of this workspace. */
export function copyWorkspace(folder: string): void {
  if (git(folder, 'ls-files') !== '') git(folder, 'rm', '-r', '--quiet', '.');
  const paths = git(ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard');
  for (const path of paths.split('\0').filter((each) => each && existsSync(join(ROOT, each)))) {
    cpSync(join(ROOT, path), join(folder, path));
  }
}

/** Links the packages of this workspace into a project with the scope `@acme`, in which its libraries take the place of ours. */
export function linkPackages(root: string): void {
  const own = join(root, 'node_modules/@acme');
  mkdirSync(own, { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name === '@gatehouse') continue;
    symlinkSync(join(ROOT, 'node_modules', name), join(root, 'node_modules', name));
  }
  for (const name of readdirSync(join(root, 'libs'))) {
    symlinkSync(join(root, 'libs', name), join(own, name));
  }
}

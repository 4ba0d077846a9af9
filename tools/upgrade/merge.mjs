/**
 * Merges the changes between two generated projects into the user's project. Git does it: a commit of the old project, a
 * commit of the new one on top of it, and `git cherry-pick --no-commit` of the difference.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesIn } from '../workspace.mjs';
import { Failure } from '../terminal/command.mjs';
import { git, itemsOf, tryGit } from '../terminal/git.mjs';
import { mergeJsonFiles } from './merge-json.mjs';

/**
 * @typedef {object} Outcome paths relative to the project
 * @property {string[]} updated
 * @property {string[]} moved
 * @property {string[]} added
 * @property {string[]} deleted
 * @property {string[]} stayDeleted files that the user deleted and the starter changed
 * @property {string[]} deletedByStarter files that the user changed and the starter deleted: conflicts
 * @property {string[]} conflicts in which both sides changed the same lines
 */

/**
 * @param {object} merge
 * @param {string} merge.project the user's folder, without uncommitted changes
 * @param {string} merge.base folder of the project as the old version makes it
 * @param {string} merge.theirs folder of the project as the new version makes it
 * @param {string} merge.message of the commit that the user makes
 * @param {readonly string[]} [merge.services] services that `create` made
 * @returns {Outcome}
 */
export function mergeProject({ project, base, theirs, message, services = [] }) {
  keepServices({ base, theirs }, services);
  const texts = mergeJsonFiles({ base, ours: project, theirs }, filesIn(theirs));
  const from = commitFolder(project, base, { message: 'The project of the old version' });
  const to = commitFolder(project, theirs, { message, parent: from });
  const picked = tryGit(project, [...PICK, to]);
  const unmerged = unmergedFiles(project);
  if (picked.code !== 0 && unmerged.size === 0) {
    throw new Failure(`Git could not merge, and changed nothing:\n${picked.errors.trim()}`);
  }
  const pathsWith = (/** @type {string[]} */ ...wanted) =>
    [...unmerged].filter(([, stages]) => wanted.includes(stages)).map(([path]) => path);
  const stayDeleted = pathsWith(DELETED_BY_USER);
  for (const path of stayDeleted) deleteUnmerged(project, path);
  for (const [path, text] of texts) writeFileSync(join(project, path), text);
  if (texts.size > 0) git(project, ['add', '--', ...texts.keys()]);
  const deletedByStarter = pathsWith(DELETED_BY_STARTER);
  const solved = [...stayDeleted, ...deletedByStarter];
  const conflicts = [...unmerged.keys()].filter((path) => !solved.includes(path));
  return { ...changesIn(project), stayDeleted, deletedByStarter, conflicts };
}

/** @param {string} project @param {string} path */
function deleteUnmerged(project, path) {
  git(project, ['rm', '--quiet', '--cached', '--', path]);
  rmSync(join(project, path), { force: true });
}

/**
 * The domain, the tests and the migrations of a service belong to the project. Its wiring (`src/*.ts`, package.json, settings of
 * tools) comes from the starter and is merged.
 *
 * @param {{ base: string, theirs: string }} folders
 * @param {readonly string[]} services
 */
function keepServices({ base, theirs }, services) {
  for (const name of services) {
    for (const folder of [`src/${name}`, 'src/migrations', 'test']) {
      for (const root of [base, theirs]) {
        rmSync(join(root, 'apps', name, folder), { recursive: true, force: true });
      }
    }
  }
}

/** A file that the user added to a folder which moved moves with it. */
const PICK = [
  ...['-c', 'merge.directoryRenames=true', '-c', 'merge.renameLimit=20000'],
  ...['-c', 'merge.renames=true', '-c', 'rerere.enabled=false', 'cherry-pick', '--no-commit'],
];

/** Commits need an author. These commits never reach a branch. */
const AUTHOR = Object.fromEntries(
  ['AUTHOR', 'COMMITTER'].flatMap((role) => [
    [`GIT_${role}_NAME`, 'upgrade'],
    [`GIT_${role}_EMAIL`, 'upgrade@localhost'],
    [`GIT_${role}_DATE`, '2000-01-01T00:00:00Z'],
  ]),
);

/**
 * Commits a folder into the user's repository, without a branch and without its index.
 *
 * @param {string} project
 * @param {string} folder
 * @param {{ message: string, parent?: string }} commit
 */
function commitFolder(project, folder, { message, parent }) {
  const index = `${folder}.index`;
  const prefix = git(project, ['rev-parse', '--show-prefix']);
  const env = {
    ...AUTHOR,
    GIT_DIR: git(project, ['rev-parse', '--absolute-git-dir']),
    GIT_INDEX_FILE: index,
  };
  git(folder, ['add', '--all', '--force', '.'], { ...env, GIT_WORK_TREE: folder });
  const tree = git(folder, ['write-tree'], env);
  // The project may be a folder of a larger repository.
  const root = prefix ? treeBelow(prefix, tree, { folder, env }) : tree;
  rmSync(index, { force: true });
  const parents = parent ? ['-p', parent] : [];
  return git(folder, ['commit-tree', root, ...parents, '-m', message], env);
}

/** @param {string} prefix @param {string} tree @param {{ folder: string, env: NodeJS.ProcessEnv }} place */
function treeBelow(prefix, tree, { folder, env }) {
  const work = { ...env, GIT_WORK_TREE: dirname(folder) };
  git(folder, ['read-tree', '--empty'], work);
  git(folder, ['read-tree', `--prefix=${prefix}`, tree], work);
  return git(folder, ['write-tree'], env);
}

/** The texts that Git has of a file in conflict: the common one (1), that of the project (2), that of the starter (3). */
const DELETED_BY_USER = '13';
const DELETED_BY_STARTER = '12';

/** @param {string} project @returns {Map<string, string>} the stages that Git has of each file in conflict */
export function unmergedFiles(project) {
  /** @type {Map<string, string>} */
  const files = new Map();
  for (const item of itemsOf(git(project, ['ls-files', '--unmerged', '-z']))) {
    const [facts, path] = item.split('\t');
    files.set(path, `${files.get(path) ?? ''}${facts.at(-1)}`);
  }
  return files;
}

/** @param {string} project */
function changesIn(project) {
  const diff = ['diff', '--cached', '--relative', '--name-status', '-M', '-z', 'HEAD', '--', '.'];
  /** @type {Record<string, string[]>} */
  const found = { A: [], D: [], M: [], R: [], T: [], U: [] };
  const items = itemsOf(git(project, diff));
  for (let at = 0; at < items.length; at += 2) {
    const kind = items[at][0];
    if (kind === 'R') found.R.push(`${items[at + 1]} → ${items[(at += 1) + 1]}`);
    else found[kind].push(items[at + 1]);
  }
  return { updated: [...found.M, ...found.T], moved: found.R, added: found.A, deleted: found.D };
}

/** @param {string} project */
export const isRepository = (project) =>
  existsSync(join(project, '.git')) || tryGit(project, ['rev-parse', '--git-dir']).code === 0;

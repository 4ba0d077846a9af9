/** Fetches the starter at two commits, and makes the project of each commit by the generator of that commit. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure } from '../terminal/command.mjs';
import { run } from '../terminal/processes.mjs';
import { git, tryGit } from '../terminal/git.mjs';

/** @typedef {{ folder: string, commit: string, version: string, time: number }} Source a checked-out commit of the starter */
/** @typedef {Record<string, unknown> | null} Choices those of .gatehouse.json; null in a clone */

/** A path is relative to the folder in which the user typed the command. @param {string} given */
export function addressOf(given) {
  const path = resolve(process.env.INIT_CWD ?? '.', given);
  return existsSync(path) ? path : given;
}

/**
 * @param {string} address a path or a URL
 * @returns {string} the tag of the latest release, or HEAD of a repository without releases
 */
export function latestVersion(address) {
  const { code, output, errors } = tryGit('.', [
    'ls-remote',
    '--tags',
    '--refs',
    '--',
    address,
    'v*',
  ]);
  if (code !== 0) throw new Failure(`${address} is no Git repository:\n${errors.trim()}`);
  const tags = [...output.matchAll(/refs\/tags\/(v\d+\.\d+\.\d+)$/gm)].map(([, tag]) => tag);
  return tags.sort((one, other) => compareVersions(one, other)).at(-1) ?? 'HEAD';
}

/**
 * @param {string} one such as 0.2.0 or v0.2.0
 * @param {string} other
 * @returns {number} below 0 when `one` is older
 */
export function compareVersions(one, other) {
  const [a, b] = [one, other].map((each) => each.replace(/^v/, '').split('.').map(Number));
  const at = a.findIndex((number, index) => number !== b[index]);
  return at === -1 ? 0 : a[at] - b[at];
}

/**
 * Checks out one commit: alone where the server gives it, otherwise with the whole history.
 *
 * @param {{ address: string, version: string, folder: string }} wanted `version` is a tag, a branch or a whole commit
 * @returns {Source}
 * @throws {Failure} when the repository does not have it
 */
export function checkOut({ address, version, folder }) {
  git('.', ['init', '--quiet', folder]);
  const fetch = ['fetch', '--quiet', '--no-tags'];
  const isShallow = tryGit(folder, [...fetch, '--depth=1', '--', address, version]).code === 0;
  if (!isShallow) git(folder, [...fetch, '--', address, '+refs/*:refs/source/*']);
  const found = tryGit(folder, [
    ...['rev-parse', '--verify', '--quiet', '--end-of-options'],
    `${isShallow ? 'FETCH_HEAD' : version}^{commit}`,
  ]);
  if (found.code !== 0) {
    throw new Failure(
      `${address} has no commit ${version}. Give the repository from which the project was made, with its whole history.`,
    );
  }
  git(folder, ['-c', 'advice.detachedHead=false', 'checkout', '--quiet', found.output.trim()]);
  return {
    folder,
    commit: found.output.trim(),
    version: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version,
    time: Number(git(folder, ['show', '--no-patch', '--format=%ct', 'HEAD'])),
  };
}

/** Runs in its own process, because both commits have modules of the same names. */
const GENERATE = `
const [url, source, target, choices] = process.argv.slice(1);
const { completeChoices } = await import(new URL('choices.mjs', url).href);
const { generate } = await import(url);
await generate({ source, target, choices: completeChoices(JSON.parse(choices)) });
`;

/**
 * Writes the project that the source makes of the choices. A clone is the source itself.
 *
 * @param {Source} source
 * @param {Choices} choices
 * @param {string} target
 */
export async function writeProject({ folder, commit }, choices, target) {
  if (!choices) {
    git(folder, ['checkout-index', '--all', `--prefix=${target}/`]);
    return;
  }
  const generator = join(folder, 'tools/create/generate.mjs');
  if (!existsSync(generator)) {
    throw new Failure(`${commit} has no tools/create/generate.mjs. Give a version that has it.`);
  }
  const words = [pathToFileURL(generator).href, folder, target, JSON.stringify(choices)];
  const node = /** @type {const} */ ([process.execPath, '--input-type=module', '--eval']);
  await run(`Making the project of ${commit}`, [...node, GENERATE, ...words], { cwd: folder });
}

/**
 * What UPGRADING.md of the new version asks a person to do.
 *
 * @param {Source} from
 * @param {Source} to
 * @returns {string} empty when nothing is to do
 */
export function tasksBetween(from, to) {
  const file = join(to.folder, 'UPGRADING.md');
  if (!existsSync(file)) return '';
  return readFileSync(file, 'utf8')
    .split(/^(?=## )/m)
    .filter((section) => {
      const [, version] = /^## (\d+\.\d+\.\d+)/.exec(section) ?? [];
      return version !== undefined && compareVersions(version, from.version) > 0;
    })
    .join('');
}

/** Runs Git in a folder, without a shell and without the settings of another repository. */
import { spawnSync } from 'node:child_process';
import { Failure } from './command.mjs';

/** Git hooks set these for their own repository. */
const OF_ANOTHER_REPOSITORY = {
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
};

/** @typedef {{ code: number, output: string, errors: string }} Result */

/**
 * @param {string} cwd
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Result}
 */
export function tryGit(cwd, args, env = {}) {
  const result = spawnSync('git', args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, ...OF_ANOTHER_REPOSITORY, GIT_TERMINAL_PROMPT: '0', ...env },
  });
  if (result.error) throw new Failure(`Git did not start: ${result.error.message}. Install Git.`);
  return { code: result.status ?? 1, output: result.stdout, errors: result.stderr };
}

/**
 * @param {string} cwd
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string} the output without the last line end
 * @throws {Failure} with what Git says
 */
export function git(cwd, args, env) {
  const { code, output, errors } = tryGit(cwd, args, env);
  if (code === 0) return output.replace(/\n$/, '');
  throw new Failure(`"git ${args.join(' ')}" failed in ${cwd}:\n${errors.trim()}`);
}

/** Items of an output with `-z`. @param {string} output */
export const itemsOf = (output) => output.split('\0').filter(Boolean);

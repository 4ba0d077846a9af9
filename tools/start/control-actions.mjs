import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { builtFile, ROOT } from '../workspace.mjs';
import { ActionRefused } from './control.mjs';

/** @typedef {import('./service-process.mjs').ServiceProcess} ServiceProcess */

const PAUSE_SECONDS = 20;

/**
 * What apps/web may ask of the launcher. Each action names no program and takes no parameter.
 *
 * @param {ServiceProcess} auth
 * @param {NodeJS.WriteStream} stream
 * @returns {Readonly<Record<string, import('./control.mjs').Action>>}
 */
export const controlActions = (auth, stream) => ({
  '/stop-auth': (signal) => stopAuth(auth, { stream, signal }),
  '/rotate-keys': () => rotateKeys(auth.env),
});

/**
 * Answers when auth has stopped. It starts again later, unless the launcher stops before.
 *
 * @param {ServiceProcess} auth
 * @param {{ stream: NodeJS.WriteStream, signal: AbortSignal }} options
 */
async function stopAuth(auth, { stream, signal }) {
  if (!auth.isRunning) throw new ActionRefused('auth is stopped already.');
  stream.write(`A drill stops auth for ${PAUSE_SECONDS} seconds.\n`);
  await auth.pause(PAUSE_SECONDS * 1000, signal);
  return { seconds: PAUSE_SECONDS };
}

/** @typedef {{ kid: string, state: string }} SigningKey as `ops keys list --json` prints it */

/**
 * Lets each pending key sign, as an operator does. Verifiers know these keys, because auth publishes a key before it signs.
 *
 * @param {import('../workspace.mjs').Environment} env of auth
 * @throws {ActionRefused} with `notBefore`, when verifiers may not know a pending key yet
 */
async function rotateKeys(env) {
  /** @type {SigningKey[]} */
  const keys = JSON.parse(await runKeys(env, 'list', '--json'));
  const pending = keys.filter(({ state }) => state === 'pending');
  if (pending.length === 0) throw new ActionRefused('No key is pending.');
  for (const { kid } of pending) await runKeys(env, 'activate', kid);
  return { activated: pending.map(({ kid }) => kid) };
}

/** @param {import('../workspace.mjs').Environment} env @param {string[]} args */
async function runKeys(env, ...args) {
  const words = [builtFile('auth', 'ops.js'), 'keys', ...args];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: ROOT, env });
    return stdout;
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    const [, notBefore] = /may not know .* before (\S+Z)/.exec(message) ?? [];
    if (!notBefore) throw error;
    throw new ActionRefused('Verifiers may not know the next key yet.', { notBefore });
  }
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { builtFile, ROOT, WEB_TOOLS } from '../workspace.mjs';
import { ActionRefused, ControlServer } from './control.mjs';

/** @typedef {import('./service-process.mjs').ServiceProcess} ServiceProcess */

const PAUSE_SECONDS = 20;

/**
 * Lets the tools of apps/web stop auth and rotate its keys. The actions take no parameter.
 *
 * @param {ServiceProcess[]} services that have not started; those of apps/web get the address and the secret
 * @param {NodeJS.WriteStream} stream
 * @returns {Promise<ControlServer | undefined>} undefined without auth or without a tool
 */
export async function startControl(services, stream) {
  const auth = services.find(({ name }) => name === 'auth');
  const tools = services.filter(({ name }) => WEB_TOOLS.includes(name));
  if (!auth || tools.length === 0) return undefined;
  const control = await ControlServer.start({
    '/stop-auth': (signal) => stopAuth(auth, { stream, signal }),
    '/rotate-keys': () => rotateKeys(auth.env),
  });
  for (const tool of tools) tool.env = { ...tool.env, ...control.settings };
  return control;
}

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

/** @typedef {{ kid: string, algorithm: string, state: string }} SigningKey as `ops keys list --json` prints it */

/**
 * Lets the next key sign access tokens, as an operator does.
 *
 * @param {import('../workspace.mjs').Environment} env of auth
 * @throws {ActionRefused} with `notBefore`, when verifiers may not know the key yet
 */
async function rotateKeys(env) {
  /** @type {SigningKey[]} */
  const keys = JSON.parse(await runKeys(env, 'list', '--json'));
  const algorithm = env.SIGNING_ALGORITHM || 'ES256';
  const next = keys.find((key) => key.state === 'pending' && key.algorithm === algorithm);
  if (!next) throw new ActionRefused('No key is pending.');
  await runKeys(env, 'activate', next.kid);
  return { kid: next.kid };
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

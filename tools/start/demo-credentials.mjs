import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../terminal/command.mjs';
import { dataFolder, demoCredentials } from '../workspace.mjs';

/**
 * A credential in `<DATA_DIR>/demo.env`. Auth and its clients start at the same time and both need it, so it is created before
 * them: auth keeps what is in the file and adds what is missing.
 *
 * @param {import('../workspace.mjs').Environment} env
 * @param {string} name
 * @param {() => string} create
 * @throws {Failure} when the folder cannot be written
 */
export function demoCredential(env, name, create) {
  const kept = demoCredentials(env)?.[name];
  if (kept) return kept;
  const created = create();
  inDataFolder(env, (folder) =>
    appendFileSync(join(folder, 'demo.env'), `${name}=${created}\n`, { mode: 0o600 }),
  );
  return created;
}

/**
 * @param {import('../workspace.mjs').Environment} env
 * @param {(folder: string) => void} write
 * @throws {Failure} when the folder cannot be written
 */
export function inDataFolder(env, write) {
  const folder = dataFolder(env);
  try {
    mkdirSync(folder, { recursive: true });
    write(folder);
  } catch (error) {
    const advice = 'Set DATA_DIR to a folder that this user can write.';
    const { message } = /** @type {Error} */ (error);
    throw new Failure(`The folder ${folder} cannot be used: ${message}. ${advice}`);
  }
}

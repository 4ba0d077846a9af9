import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** In the order in which they are started and migrated: tokens come first. */
export const APPS = ['auth', 'orders', 'billing'];

/** The folder of the SQLite files and of what development generates, as an absolute path. */
export function dataFolder(env = process.env) {
  return resolve(ROOT, env.DATA_DIR || 'data');
}

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The apps, in the order in which they are started and migrated: tokens come first. */
export const DEFAULT_PORTS = { auth: 3000, orders: 3001, billing: 3002 };

export const APPS = Object.keys(DEFAULT_PORTS);

/** The folder of the SQLite files and of what development generates, as an absolute path. */
export function dataFolder(env = process.env) {
  return resolve(ROOT, env.DATA_DIR || 'data');
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { dataFolder } from '../workspace.mjs';

/** What auth seeded and wrote to `<DATA_DIR>/demo.env`; undefined when it did not. */
export const demoCredentials = (env = process.env) =>
  credentialsIn(join(dataFolder(env), 'demo.env'));

/** The lines of such a file; undefined where there is none. */
export function credentialsIn(file) {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { dataFolder } from '../workspace.mjs';

/** What auth seeded and wrote to `<DATA_DIR>/demo.env`; undefined when it did not. */
export function demoCredentials(env = process.env) {
  try {
    return parseEnv(readFileSync(join(dataFolder(env), 'demo.env'), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

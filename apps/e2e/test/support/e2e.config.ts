import { randomInt } from 'node:crypto';

const SHELL_VARIABLES = ['PATH', 'HOME', 'USER', 'LANG', 'TMPDIR', 'npm_config_cache'];

/** What a run takes from its surroundings; the only file that reads the environment. */
export const e2eConfig = {
  /** Of what is left to chance. E2E_SEED repeats a run's choices; the seed is part of those tests' names. */
  seed: Number(process.env['E2E_SEED'] ?? randomInt(2 ** 31)),
  /** Where Chromium is, when it is not in one of the usual places. */
  chromiumPath: process.env['CHROMIUM_PATH'],
  /** What a shell and npm need. Nothing else is handed on: a developer's own PORT or DATABASE_URL decides no test. */
  shell: Object.fromEntries(
    SHELL_VARIABLES.map((name) => [name, process.env[name] ?? '']).filter(([, value]) => value),
  ),
} as const;

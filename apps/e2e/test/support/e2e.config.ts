import { randomInt } from 'node:crypto';

const SHELL_VARIABLES = ['PATH', 'HOME', 'USER', 'LANG', 'TMPDIR', 'npm_config_cache'];
const NETWORK_VARIABLES = ['NODE_EXTRA_CA_CERTS', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

const readVariables = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.map((name) => [name, process.env[name] ?? '']).filter(([, value]) => value),
  );

/** The settings of a test run. Only this file reads the environment. */
export const e2eConfig = {
  /** Seed of random choices. E2E_SEED repeats the choices of a run; the seed is part of the titles of these tests. */
  seed: Number(process.env['E2E_SEED'] ?? randomInt(2 ** 31)),
  /** Path of Chromium, if it is not in a usual place. */
  chromiumPath: process.env['CHROMIUM_PATH'],
  /** How long twenty tabs of apps/web send requests with tokens of five seconds. */
  soakMinutes: Number(process.env['SOAK_MINUTES'] ?? 0.3),
  /** Parts of the names of the folders in test/clients that are tried. Default: all. */
  clients: (process.env['CLIENTS'] ?? '').split(','),
  /** Whether the run writes the table in docs/clients.md instead of comparing with it. */
  writesClientsTable: process.env['WRITE_CLIENTS_TABLE'] === 'true',
  /** Variables for a shell and npm. Other variables are not passed on, so that a developer's PORT or DATABASE_URL changes no test. */
  shell: readVariables(SHELL_VARIABLES),
  /** Variables for npm when it fetches packages, perhaps through a proxy with its own certificate authority. */
  registry: readVariables([
    ...SHELL_VARIABLES,
    ...NETWORK_VARIABLES.flatMap((name) => [name, name.toLowerCase()]),
  ]),
} as const;

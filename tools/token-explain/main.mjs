/**
 * `npm run token:explain -- <token>` (or `-`, or nothing: from standard input): checks a token against every rule of a
 * service's configuration. For inspection only. Exit code: 0 accepted, 1 not accepted, 2 wrong options.
 */
import { text } from 'node:stream/consumers';
import { defineCommand, UsageError } from '../terminal/command.mjs';
import { withProgress } from '../terminal/output.mjs';
import { build, RESOURCE_SERVERS } from '../workspace.mjs';
import { printReport } from './report.mjs';

const [DEFAULT_APP] = RESOURCE_SERVERS;

export const command = defineCommand({
  usage: `Usage: npm run token:explain -- <token>                     with the configuration of ${DEFAULT_APP}
       npm run token:explain -- --app <app> -                the token from standard input
       npm run token:explain -- --issuer https://issuer.example --audience https://api.example \\
                                --algorithms ES256,RS256 [--jwks-uri https://…] <token>

  --app ${RESOURCE_SERVERS.join('|').padEnd(16)} reads the environment as that app does; default ${DEFAULT_APP}
  --offline              does not fetch keys: signature and verdict stay unknown
  --no-build             uses what was built before

A token on the command line stays in the history of the shell: use standard input for tokens that are still valid.`,
  options: {
    app: { type: 'string' },
    issuer: { type: 'string' },
    audience: { type: 'string' },
    algorithms: { type: 'string' },
    'jwks-uri': { type: 'string' },
    offline: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
  allowPositionals: true,
  usageExitCode: 2,
  run: async (values, positionals) => {
    const { app, given } = configurationChoice(values, positionals);
    const token = await readToken(positionals[0] ?? '-');
    if (!values['no-build']) await buildQuietly(app ?? 'guards');
    const options = app ? await guardsOptionsOf(app, process.env) : given;
    const isAccepted = await explain(token, { app, options, offline: values.offline === true });
    process.exitCode = isAccepted ? 0 : 1;
  },
});

/** @typedef {Partial<Record<'app' | 'issuer' | 'audience' | 'algorithms' | 'jwks-uri', string>>} Choice */

/**
 * The app whose configuration applies, or the given options for the guards.
 *
 * @param {Choice} values
 * @param {string[]} positionals
 */
function configurationChoice(values, positionals) {
  if (positionals.length > 1) throw new UsageError('One token at a time.');
  const given = configurationFrom(values);
  if (given && values.app) {
    throw new UsageError('Use either --app or --issuer with its options, not both.');
  }
  return { app: given ? undefined : knownApp(values.app), given };
}

/**
 * Options for the guards when the command line has all of them.
 *
 * @param {Choice} values
 */
function configurationFrom({ issuer, audience, algorithms, 'jwks-uri': jwksUri }) {
  if ([issuer, audience, algorithms, jwksUri].every((value) => value === undefined)) return;
  if (!issuer || !audience || !algorithms) {
    throw new UsageError('--issuer, --audience and --algorithms belong together.');
  }
  return { issuer, audience, algorithms: algorithms.split(','), jwksUri };
}

/** @param {string} [app] */
function knownApp(app = DEFAULT_APP) {
  if (!RESOURCE_SERVERS.includes(app)) {
    throw new UsageError(`--app is ${RESOURCE_SERVERS.join(' or ')}.`);
  }
  return app;
}

/**
 * The options that an app gives the guards, from the environment that the app would read.
 *
 * @param {string} app
 * @param {NodeJS.ProcessEnv} env
 * @throws {UsageError} with the message of the app, when the app would not start either
 */
async function guardsOptionsOf(app, env) {
  const config = await import(`../../apps/${app}/dist/${app}.config.js`);
  const { guardsOptions } = await import(`../../apps/${app}/dist/access.js`);
  try {
    return guardsOptions(config[`${app}Config`](env));
  } catch (error) {
    throw toUsageError(error, 'ConfigurationError');
  }
}

/**
 * Prints the explanation.
 *
 * @param {string} token
 * @param {{ app: string | undefined, options: any, offline: boolean }} request
 * @returns {Promise<boolean>} whether the token is accepted
 */
async function explain(token, { app, options, offline }) {
  // The package does not export it, because a service must not explain tokens to its callers.
  const entry = new URL('explain/index.js', import.meta.resolve('@gatehouse/guards')).href;
  /** @type {typeof import('../../libs/guards/src/explain/index.js')} */
  const { explainToken } = await import(entry);
  try {
    const explanation = await explainToken(token, options, { offline });
    printReport(explanation, { app, options }, process.stdout);
    const verdict = /** @type {import('./report.mjs').Verdict | undefined} */ (explanation.verdict);
    return verdict !== undefined && !verdict.reason;
  } catch (error) {
    throw toUsageError(error, 'GuardsConfigurationError');
  }
}

/** @param {unknown} error @param {string} name of the errors that the user can correct */
function toUsageError(error, name) {
  return error instanceof Error && error.name === name ? new UsageError(error.message) : error;
}

/** @param {string} argument */
async function readToken(argument) {
  const fromInput = argument === '-';
  if (fromInput && process.stdin.isTTY) process.stderr.write('Paste the token, then Ctrl-D:\n');
  const token = (fromInput ? await text(process.stdin) : argument).trim();
  if (token === '') throw new UsageError('There is no token to explain.');
  return token.replace(/^bearer +/i, '');
}

/**
 * Prints to standard error, so that the explanation can be piped.
 *
 * @param {string} project
 */
function buildQuietly(project) {
  const line = { stream: process.stderr, doing: 'Building', done: 'Built' };
  return withProgress(line, () => build([project]));
}

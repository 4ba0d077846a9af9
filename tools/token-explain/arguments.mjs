import { parseArgs } from 'node:util';
import { Failure } from '../terminal/failure.mjs';

const APPS = ['orders', 'billing'];

export const USAGE = `Usage: npm run token:explain -- <token>                     by the configuration of orders
       npm run token:explain -- --app billing -              the token from standard input
       npm run token:explain -- --issuer https://issuer.example --audience https://api.example \\
                                --algorithms ES256,RS256 [--jwks-uri https://…] <token>

  --app orders|billing   the environment is read as that app reads it; default orders
  --offline              asks the issuer for no keys: signature and verdict stay unknown
  --no-build             explains by what was built before

A token on the command line stays in the history of the shell: prefer standard input for those that are still good.`;

const OPTIONS = {
  app: { type: 'string' },
  issuer: { type: 'string' },
  audience: { type: 'string' },
  algorithms: { type: 'string' },
  'jwks-uri': { type: 'string' },
  offline: { type: 'boolean', default: false },
  'no-build': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

/** The command makes no sense. */
export class Misuse extends Failure {}

/**
 * What is asked for. Without an `issuer` the configuration is that of an app.
 *
 * @param {readonly string[]} args
 * @throws {Misuse}
 */
export function readArguments(args) {
  const { values, positionals } = parse(args);
  if (positionals.length > 1) throw new Misuse('One token at a time.');
  const guards = ownConfiguration(values);
  if (guards && values.app) throw new Misuse('Either --app or a configuration of your own.');
  return {
    token: positionals[0] ?? '-',
    app: guards ? undefined : appOf(values),
    guards,
    builds: !values['no-build'],
    offline: values.offline,
    help: values.help,
  };
}

/** What the library is told, where the command line says it all. */
function ownConfiguration({ issuer, audience, algorithms, 'jwks-uri': jwksUri }) {
  if ([issuer, audience, algorithms, jwksUri].every((value) => value === undefined)) return;
  if (!issuer || !audience || !algorithms) {
    throw new Misuse('A configuration of your own takes --issuer, --audience and --algorithms.');
  }
  return { issuer, audience, algorithms: algorithms.split(','), jwksUri };
}

function appOf({ app = 'orders' }) {
  if (!APPS.includes(app)) throw new Misuse(`--app is ${APPS.join(' or ')}.`);
  return app;
}

function parse(args) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new Misuse(error.message);
  }
}

import { parseArgs } from 'node:util';

export const HELP = `Sends hostile tokens to a service and says how it answered.

  npm run corpus -- --url http://localhost:3001/orders --audience http://localhost:3001 --scope orders:read

The corpus is an authorization server of its own. The service has to trust it, and no other, while it is tried:
without --issuer-port its issuer is http://127.0.0.1:4999. Use it on services that you run yourself.

  --url URL            address that answers GET with 2xx when the token is good
  --audience NAME      what the service wants in "aud"
  --scope NAME         the one scope it asks for there; without it, no case is about scopes
  --dpop URL           what clients of the service put into "htu" there; without it, no case is about proofs (RFC 9449)
  --algorithm ALG      the one algorithm it allows: RS, PS or ES with 256, 384 or 512 (default: ES256)
  --issuer-port PORT   where the issuer listens, on 127.0.0.1 (default: 4999)
  --wait SECONDS       how long the service may take to see the issuer's keys (default: 15)
  --verbose            every case, not only those that were not answered as expected
  --json               the results as JSON
  --help               this text

Exit code: 0 nothing hostile got through; 1 something did, or made the service fail; 2 the service was not tried.
`;

const ALGORITHM = /^(?:RS|PS|ES)(?:256|384|512)$/;

/** What the person at the terminal has to write otherwise. */
export class UsageError extends Error {}

/**
 * @typedef {{ url: string, audience: string, scope?: string, dpopUrl?: string, algorithm: string, issuerPort: number,
 *   waitSeconds: number, verbose: boolean, json: boolean }} CorpusOptions
 * @returns {CorpusOptions | { help: true }}
 * @throws {UsageError}
 */
export function readOptions(args) {
  const values = parse(args);
  if (values.help) return { help: true };
  if (!values.audience) throw new UsageError('--audience is missing.');
  if (!ALGORITHM.test(values.algorithm)) {
    throw new UsageError(`--algorithm must be one like ES256, not "${values.algorithm}".`);
  }
  return {
    url: httpUrl('url', values.url),
    audience: values.audience,
    scope: values.scope,
    dpopUrl: values.dpop && httpUrl('dpop', values.dpop),
    algorithm: values.algorithm,
    issuerPort: integer('issuer-port', values['issuer-port'], 65_535),
    waitSeconds: integer('wait', values.wait, 600),
    verbose: values.verbose,
    json: values.json,
  };
}

function parse(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        url: { type: 'string' },
        audience: { type: 'string' },
        scope: { type: 'string' },
        dpop: { type: 'string' },
        algorithm: { type: 'string', default: 'ES256' },
        'issuer-port': { type: 'string', default: '4999' },
        wait: { type: 'string', default: '15' },
        verbose: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function httpUrl(name, text) {
  if (!text) throw new UsageError(`--${name} is missing.`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`--${name} must be an http(s) address, not "${text}".`);
  }
  return url.href;
}

function integer(name, text, most) {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && number <= most) return number;
  throw new UsageError(`--${name} must be a whole number from 0 to ${most}, not "${text}".`);
}

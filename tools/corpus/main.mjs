/**
 * `npm run corpus -- --url <address>`: sends hostile tokens to a service that trusts the issuer of the corpus, and prints the
 * answers. Exit code: 1 when a hostile token was accepted, 2 when the service could not be tried.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { defineCommand, Failure, UsageError } from '../terminal/command.mjs';
import { printReport, receivedText } from './report.mjs';
import { CorpusIssuer, Forge, isSuccess, isVulnerability, runCorpus, send } from './sources.mjs';

/** @typedef {import('./sources.mjs').Issuer} Issuer */
/**
 * @typedef {{ url: string, audience: string, scope?: string, dpopUrl?: string, algorithm: any, issuerPort: number,
 *   waitSeconds: number, verbose: boolean, json: boolean }} CorpusOptions
 */

const ALGORITHM = /^(?:(?:RS|PS|ES)(?:256|384|512)|Ed25519|EdDSA)$/;
const RETRY_INTERVAL_MS = 1000;

export const command = defineCommand({
  usage: `Sends hostile tokens to a service and prints how it answered.

  npm run corpus -- --url http://localhost:3001/orders --audience http://localhost:3001 --scope orders:read

The corpus is an authorization server of its own. While it runs, the service must trust this issuer and no other: without
--issuer-port that is http://127.0.0.1:4999. Use it on services that you run yourself.

  --url URL            address that answers GET with 2xx when the token is valid
  --audience NAME      what the service requires in "aud"
  --scope NAME         the one scope that the address requires; without it, no case is about scopes
  --dpop URL           what clients of the service put into "htu"; without it, no case is about proofs (RFC 9449)
  --algorithm ALG      the one algorithm it allows: RS, PS or ES with 256, 384 or 512, Ed25519 or EdDSA (default: ES256)
  --issuer-port PORT   port of the issuer on 127.0.0.1 (default: 4999)
  --wait SECONDS       how long the service may take to fetch the keys of the issuer (default: 15)
  --verbose            prints every case, not only those with an unexpected answer
  --json               prints the results as JSON
  --help               this text

Exit code: 0 no hostile token was accepted; 1 one was accepted, or made the service fail; 2 the service was not tried.`,
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
  },
  usageExitCode: 2,
  run: async (values) => {
    if (!values.audience) throw new UsageError('--audience is missing.');
    if (!ALGORITHM.test(String(values.algorithm))) {
      throw new UsageError(`--algorithm must be one like ES256, not "${values.algorithm}".`);
    }
    if (!values.url) throw new UsageError('--url is missing.');
    process.exitCode = await tryService({
      url: httpUrl('url', values.url),
      audience: values.audience,
      scope: values.scope,
      dpopUrl: values.dpop && httpUrl('dpop', values.dpop),
      algorithm: values.algorithm,
      issuerPort: integer('issuer-port', values['issuer-port'], 65_535),
      waitSeconds: integer('wait', values.wait, 600),
      verbose: values.verbose ?? false,
      json: values.json ?? false,
    });
  },
});

/** @param {string} name @param {string} text */
function httpUrl(name, text) {
  try {
    const { href, protocol } = new URL(text);
    if (/^https?:$/.test(protocol)) return href;
  } catch {
    // The text is no URL.
  }
  throw new UsageError(`--${name} must be an http(s) address, not "${text}".`);
}

/** @param {string} name @param {string | undefined} text @param {number} max */
function integer(name, text, max) {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && number <= max) return number;
  throw new UsageError(`--${name} must be a whole number from 0 to ${max}, not "${text}".`);
}

/**
 * @param {CorpusOptions} options
 * @returns {Promise<0 | 1 | 2>} the exit code
 */
async function tryService(options) {
  const issuer = await startIssuer(options);
  try {
    const description = describeIssuer(issuer, options);
    process.stderr.write(`The service must trust:\n${description}\n`);
    const fault = await untilTrusted(issuer, options);
    if (fault) {
      process.stderr.write(`${fault}\n`);
      return 2;
    }
    const results = [];
    for await (const result of runCorpus(issuer, options)) results.push(result);
    printReport(results, options);
    return results.some(({ verdict }) => isVulnerability(verdict)) ? 1 : 0;
  } finally {
    await issuer.close();
  }
}

/** @param {CorpusOptions} options */
async function startIssuer({ audience, algorithm, issuerPort }) {
  try {
    return await CorpusIssuer.start({ audience, algorithm, port: issuerPort });
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== 'EADDRINUSE') throw new Failure(`The issuer did not start: ${message}`);
    throw new UsageError(`Port ${issuerPort} is taken. Choose another one with --issuer-port.`);
  }
}

/** @param {Issuer} issuer @param {CorpusOptions} options */
function describeIssuer({ issuer, jwksUri }, { audience, algorithm, scope }) {
  const lines = [
    ['issuer', issuer],
    ['key set', jwksUri],
    ['audience', audience],
    ['algorithm', `${algorithm}, and no other`],
    ['scope', scope ?? 'none'],
  ];
  return lines.map(([name, value]) => `  ${name.padEnd(10)} ${value}\n`).join('');
}

/**
 * Sends valid tokens until the service accepts one. A service that has fetched keys before may wait before it fetches again.
 *
 * @param {Issuer} issuer
 * @param {CorpusOptions} options
 * @returns {Promise<string | undefined>} the reason when the service does not accept any
 */
async function untilTrusted(issuer, { url, scope, waitSeconds }) {
  const target = new URL(url);
  const forge = new Forge(issuer, { path: target.pathname + target.search, scope });
  const deadline = Date.now() + waitSeconds * 1000;
  for (;;) {
    /** @type {[string, string][]} */
    const headers = [['Authorization', `Bearer ${forge.accessToken()}`]];
    const answer = await send(target, { headers });
    if (isSuccess(answer.status)) return undefined;
    const mayLackKeys = answer.status === 401 || answer.status === 503;
    if (!mayLackKeys || Date.now() > deadline) return explainRefusal(answer, url);
    await sleep(RETRY_INTERVAL_MS);
  }
}

/** @param {import('./sources.mjs').ReceivedAnswer} answer @param {string} url */
function explainRefusal(answer, url) {
  if (answer.status === 0) return `There is no answer from ${url}. Is the service running?`;
  const refused = `A good token got ${receivedText(answer)} at ${url}.`;
  if (answer.status === 403) return `${refused} Does it require another scope? See --scope.`;
  if (answer.status === 401 || answer.status === 503) {
    return `${refused} Is the service configured as above?`;
  }
  return `${refused} It must be an address that answers GET with 2xx.`;
}

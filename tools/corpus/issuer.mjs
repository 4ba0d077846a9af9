import { Failure } from '../terminal/failure.mjs';
import { UsageError } from './options.mjs';
import { CorpusIssuer } from './sources.mjs';

/** @throws {UsageError} when the port is taken */
export async function startIssuer({ audience, algorithm, issuerPort }) {
  try {
    return await CorpusIssuer.start({ audience, algorithm, port: issuerPort });
  } catch (error) {
    if (error.code !== 'EADDRINUSE')
      throw new Failure(`The issuer did not start: ${error.message}`);
    throw new UsageError(`Port ${issuerPort} is taken. Choose another one with --issuer-port.`);
  }
}

/** What a service has to be told before it can be tried. */
export function whatToTrust({ issuer, jwksUri, audience, algorithm }, scope) {
  const lines = [
    ['issuer', issuer],
    ['key set', jwksUri],
    ['audience', audience],
    ['algorithm', `${algorithm}, and no other`],
    ['scope', scope ?? 'none'],
  ];
  return lines.map(([name, value]) => `  ${name.padEnd(10)} ${value}\n`).join('');
}

import { printReport } from './report.mjs';
import { startIssuer, whatToTrust } from './issuer.mjs';
import { isVulnerability, runCorpus } from './sources.mjs';
import { untilTrusted } from './until-trusted.mjs';

/**
 * Runs the corpus against a service.
 *
 * @param {import('./options.mjs').CorpusOptions} options
 * @returns {Promise<0 | 1 | 2>} the exit code
 */
export async function tryService(options) {
  const issuer = await startIssuer(options);
  try {
    process.stderr.write(`The service has to trust:\n${whatToTrust(issuer, options.scope)}\n`);
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

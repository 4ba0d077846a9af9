/**
 * `npm run corpus -- --url <address>`: sends hostile tokens to a service that trusts the corpus's issuer, and says how it
 * answered. The exit code is 1 when one got further than it may, and 2 when the service could not be tried.
 */
import { requireNode } from './node-version.mjs';

requireNode();
const { runTool } = await import('./terminal/failure.mjs');
const { HELP, readOptions, UsageError } = await import('./corpus/options.mjs');
const { tryService } = await import('./corpus/try-service.mjs');

await runTool(async () => {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) process.stdout.write(HELP);
    else process.exitCode = await tryService(options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\nSee: npm run corpus -- --help\n`);
    process.exitCode = 2;
  }
});

/**
 * `npm run guards:copy -- <path to your service>`: copies libs/guards with its tests into a Nest service, and says what to
 * install and what to write there. The exit code is 1 when nothing was copied.
 */
import { requireNode } from './node-version.mjs';

requireNode();
const { runTool } = await import('./terminal/failure.mjs');
const { HELP, readOptions } = await import('./guards-copy/options.mjs');
const { copyGuards } = await import('./guards-copy/copy.mjs');
const { announce } = await import('./guards-copy/announcement.mjs');

await runTool(() => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  else announce(copyGuards(options), options);
});

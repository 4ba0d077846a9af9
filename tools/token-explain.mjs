/**
 * `npm run token:explain -- <token>` (or `-`, or nothing: from standard input): what the configuration of a service says of
 * a token, rule by rule. For inspection only. The exit code is 0 when the token is accepted, 1 when it is not, 2 when the
 * command makes no sense.
 */
import { requireNode } from './node-version.mjs';

requireNode();
const { runTool } = await import('./terminal/failure.mjs');
const { runExplain } = await import('./token-explain/run-explain.mjs');

await runTool(async () => {
  process.exitCode = await runExplain(process.argv.slice(2), process.env);
});

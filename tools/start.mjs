/**
 * `npm start`, `npm run dev`: the three apps in one terminal. `--watch` restarts what changes, `--json` leaves the log as it
 * is, `--no-build` starts what was built before, `--profile conformance` starts auth with the clients of the conformance suite.
 */
import { parseArgs } from 'node:util';
import { requireNode } from './node-version.mjs';

requireNode();
const { runTool } = await import('./terminal/failure.mjs');
const { runStack } = await import('./stack/run-stack.mjs');

await runTool(() => {
  const { values } = parseArgs({
    options: {
      watch: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'no-build': { type: 'boolean', default: false },
      profile: { type: 'string', default: 'demo' },
    },
  });
  return runStack(values, process.env);
});

/** `npm start`, `npm run dev`: the apps in one terminal. */
import { requireNode } from './node-version.mjs';

requireNode();
const { runCommand } = await import('./terminal/command.mjs');
const { runStack } = await import('./stack/run-stack.mjs');

const flag = { type: 'boolean', default: false };
const options = {
  watch: flag,
  json: flag,
  'no-build': flag,
  profile: { type: 'string', default: 'demo' },
};
const usage = `Usage: npm start [-- <options>]   builds, migrates, seeds and starts the services

  --watch                 restarts what changes: npm run dev
  --no-build              starts what was built before
  --json                  leaves the log as it is
  --profile conformance   auth alone, with the clients of docs/conformance.md`;

await runCommand({ usage, options }, (values) => runStack(values, process.env));

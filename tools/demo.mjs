/**
 * `npm run demo`: what Gatehouse promises, done against the stack that `npm start` runs. Each step checks that what it
 * tells is so; the exit code is 1 when one is not.
 */
import { requireNode } from './node-version.mjs';

requireNode();
const { runCommand } = await import('./terminal/command.mjs');
const { runDemo } = await import('./demo/run-demo.mjs');

const options = { grace: { type: 'string' } };
const usage = `Usage: npm run demo [-- --grace <seconds>]   walks through the stack that npm start runs

  --grace <seconds>   REFRESH_GRACE_SECONDS of auth, where it is not 10`;

await runCommand({ usage, options }, (values) => runDemo(values, process.env));

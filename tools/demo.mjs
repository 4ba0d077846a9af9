/**
 * `npm run demo`: what Gatehouse promises, done against the stack that `npm start` runs. Each step checks that what it
 * tells is so; the exit code is 1 when one is not.
 */
import { parseArgs } from 'node:util';
import { requireNode } from './node-version.mjs';

requireNode();
const { runTool } = await import('./terminal/failure.mjs');
const { runDemo } = await import('./demo/run-demo.mjs');

await runTool(() => {
  const { values } = parseArgs({ options: { grace: { type: 'string' } } });
  return runDemo(values, process.env);
});

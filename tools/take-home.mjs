/**
 * `node tools/take-home.mjs`: takes the guards home as their users do, by `guards:copy` and as the npm package, into new
 * projects of each supported Nest on Express and Fastify, as ES modules and as CommonJS. Each is compiled by its own compiler
 * and started, and has to answer the corpus of hostile tokens as it should. `--keep` leaves the projects where they are.
 */
import { parseArgs } from 'node:util';
import { requireNode } from './node-version.mjs';

requireNode();
const { runTool } = await import('./terminal/failure.mjs');
const { takeHome } = await import('./take-home/take-home.mjs');

await runTool(() => {
  const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
  return takeHome(values);
});

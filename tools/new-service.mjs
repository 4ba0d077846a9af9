/**
 * `npm run new:service -- invoices`: makes a resource server out of tools/new-service/template, and makes it known to auth, to
 * `npm start`, to Docker and to Compose. `--port 3003` chooses its port, `--one invoice` says what one of them is called.
 */
import { parseArgs } from 'node:util';
import { requireNode } from './node-version.mjs';

requireNode();
const { Failure, runTool } = await import('./terminal/failure.mjs');
const { createService } = await import('./new-service/create-service.mjs');

const USAGE = 'Usage: npm run new:service -- <name> [--port 3003] [--one <what one is called>]';

await runTool(() => createService(wishes()));

function wishes() {
  try {
    const options = { port: { type: 'string' }, one: { type: 'string' } };
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (positionals.length === 1) return { name: positionals[0], ...values };
  } catch (error) {
    throw new Failure(`${error.message}\n${USAGE}`);
  }
  throw new Failure(USAGE);
}

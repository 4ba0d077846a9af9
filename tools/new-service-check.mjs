/**
 * `node tools/new-service-check.mjs`: makes a service in a copy of the workspace as `npm run new:service` does, and builds,
 * lints, type-checks and tests it there. Auth's defaults must agree with its scopes. `--keep` leaves the copy where it is.
 */
import { parseArgs } from 'node:util';
import { requireNode } from './node-version.mjs';

requireNode();
const { runTool } = await import('./terminal/failure.mjs');
const { checkNewService } = await import('./new-service/check-new-service.mjs');

await runTool(() => {
  const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
  return checkNewService(values);
});

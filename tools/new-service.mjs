/**
 * `npm run new:service -- invoices`: makes a resource server out of tools/new-service/template, and makes it known to auth, to
 * `npm start`, to Docker and to Compose.
 */
import { requireNode } from './node-version.mjs';

requireNode();
const { Failure } = await import('./terminal/failure.mjs');
const { runCommand } = await import('./terminal/command.mjs');
const { createService } = await import('./new-service/create-service.mjs');

const options = { port: { type: 'string' }, one: { type: 'string' } };
const usage = `Usage: npm run new:service -- <name> [<options>]   makes a resource server, such as parcels

  --port <number>   that it answers on; without it, the next one that is free
  --one <word>      what one of them is called, where the name without its s is not it`;

await runCommand({ usage, options, allowPositionals: true }, (values, names) => {
  if (names.length !== 1) throw new Failure(usage);
  return createService({ ...values, name: names[0] });
});

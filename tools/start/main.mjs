/**
 * `npm start`, `npm run dev`: the apps in one terminal. This is our own code and not concurrently with wait-on, because
 * Ctrl-C must stop each app once, an app that exits must be reported with its last lines, and only changed apps restart.
 */
import { defineCommand } from '../terminal/command.mjs';
import { coloursFor, withProgress } from '../terminal/output.mjs';
import { build, credentialsIn, DEFAULT_PORTS, HAS_AUTH, trimmed } from '../workspace.mjs';
import { describeDatabase, mayBeSeeded } from './database.mjs';
import { logPrinter } from './log-output.mjs';
import { rejectIfOneExits, ServiceProcess, untilReady } from './service-process.mjs';
import {
  environmentOf,
  portsOf,
  portVariable,
  profileOf,
  refuseProduction,
  requireFreePorts,
} from './settings.mjs';
import { restartOnChange } from './watch.mjs';

const flag = { type: /** @type {const} */ ('boolean'), default: false };

export const command = defineCommand({
  usage: `Usage: npm start [-- <options>]   builds, migrates, seeds and starts the services

  --watch                 restarts the apps that change: npm run dev
  --no-build              starts what was built before
  --json                  prints the log lines unchanged
  --profile conformance   starts auth alone, with the clients of docs/conformance.md`,
  options: {
    watch: flag,
    json: flag,
    'no-build': flag,
    profile: { type: 'string', default: 'demo' },
  },
  run: (values) => startApps(/** @type {StartOptions} */ (values), trimmed(process.env)),
});

/** @typedef {{ watch: boolean, json: boolean, 'no-build': boolean, profile: string }} StartOptions */

/**
 * Builds and starts the apps, and runs until one exits or the user stops them.
 *
 * @param {StartOptions} options
 * @param {import('../workspace.mjs').Environment} env
 */
async function startApps(options, env) {
  refuseProduction(env);
  const profile = await chooseSeed(profileOf(options.profile, env), env);
  const ports = portsOf(env);
  await requireFreePorts(Object.fromEntries(profile.apps.map((app) => [app, ports[app]])));
  /** @type {ServiceProcess[]} */
  let services = [];
  const { signal, dispose } = listenForStop(() => services.forEach((service) => service.kill()));
  // With --json, standard output has the log lines of the apps and nothing else.
  const stream = options.json ? process.stderr : process.stdout;
  try {
    if (!options['no-build']) {
      const line = { stream, doing: 'Building', done: 'Built' };
      await withProgress(line, () => build(profile.apps, signal));
    }
    services = await createServices({ ports, env, profile }, logPrinter(options));
    services.forEach((service) => service.start());
    await rejectIfOneExits(services, untilReady(services, { stream, signal }));
    announce({ services, stream, profile, database: describeDatabase(env) });
    if (options.watch) await restartOnChange(services, { stream, signal });
    else await rejectIfOneExits(services, untilAborted(signal));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await stopAll(services, stream);
    dispose();
  }
}

/**
 * @param {Parameters<typeof environmentOf>[1]} stack
 * @param {ReturnType<typeof logPrinter>} show
 */
const createServices = (stack, show) =>
  Promise.all(
    stack.profile.apps.map(async (name) => {
      return new ServiceProcess({ name, env: await environmentOf(name, stack), show });
    }),
  );

/**
 * Without seed settings for a database that has other data, unless the caller gives them.
 *
 * @param {Profile} profile
 * @param {import('../workspace.mjs').Environment} env
 * @returns {Promise<Profile>}
 */
async function chooseSeed(profile, env) {
  if (await mayBeSeeded(env, profile.client)) return profile;
  return { ...profile, settings: {} };
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * The first signal requests an orderly stop, the next one kills.
 *
 * @param {() => void} kill
 */
function listenForStop(kill) {
  const stopping = new AbortController();
  const onSignal = () => {
    if (stopping.signal.aborted) kill();
    stopping.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  const dispose = () => SIGNALS.forEach((name) => process.off(name, onSignal));
  return { signal: stopping.signal, dispose };
}

/** @param {AbortSignal} signal @returns {Promise<void>} */
function untilAborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** @param {ServiceProcess[]} services @param {NodeJS.WriteStream} stream */
async function stopAll(services, stream) {
  const started = services.filter((service) => service.isStarted);
  if (started.length === 0) return;
  stream.write('Stopping … (Ctrl-C again kills)\n');
  await Promise.all(started.map((service) => service.stop()));
  stream.write('Stopped.\n');
}

/** @typedef {import('./settings.mjs').Profile} Profile */

/**
 * Prints the addresses, the credentials and the next command.
 *
 * @param {{ services: ServiceProcess[], stream: NodeJS.WriteStream, profile: Profile, database: string }} stack
 */
function announce({ services, stream, profile, database }) {
  const width = Math.max(9, ...services.map(({ name }) => name.length + 2));
  const paint = coloursFor(stream);
  const rows = [
    [paint('bold', 'Gatehouse is running.')],
    [],
    ...services.map(({ name, port }) => {
      const url = `http://localhost:${port}`;
      return [`  ${name.padEnd(width)}`, url.padEnd(24), `try it: ${url}/docs`];
    }),
    [`  ${'data'.padEnd(width)}`, database],
    ...seedRows(profile, services, paint),
    [],
    [`  next: ${nextStep(profile, services)}`],
  ];
  stream.write(`\n${rows.map((cells) => cells.join('')).join('\n')}\n\n`);
}

/** @param {Profile} profile @param {ServiceProcess[]} services */
function nextStep({ name }, services) {
  if (name === 'conformance') return 'docs/conformance.md   (Ctrl-C here stops the server)';
  // The demo finds apps on other ports by the same variables.
  const moved = services
    .filter(({ name, port }) => port !== DEFAULT_PORTS[name])
    .map(({ name, port }) => `${portVariable(name)}=${port} `);
  return `${moved.join('')}npm run demo   (in another terminal; Ctrl-C here stops the stack)`;
}

/**
 * By the variable of the secret: the kind of its owner, and the name of the owner or the variable that holds it.
 *
 * @type {Record<string, [kind: string, owner: string]>}
 */
const OWNERS = {
  DEMO_PASSWORD: ['account', 'DEMO_EMAIL'],
  DEMO_STAFF_PASSWORD: ['account', 'DEMO_STAFF_EMAIL'],
  ORDERS_SERVICE_SECRET: ['client', 'orders-service'],
  SHORT_LIVED_SECRET: ['client', 'short-lived-demo'],
  DEMO_WEBSITE_SECRET: ['client', 'demo-website'],
  CONFORMANCE_PASSWORD: ['account', 'CONFORMANCE_EMAIL'],
  CONFORMANCE_ONE_SECRET: ['client', 'conformance-one'],
  CONFORMANCE_TWO_SECRET: ['client', 'conformance-two'],
  CONFORMANCE_POST_SECRET: ['client', 'conformance-post'],
};

/**
 * The credentials of the seed, or how to seed a database that has other data.
 *
 * @param {Profile} profile
 * @param {ServiceProcess[]} services
 * @param {import('../terminal/output.mjs').Paint} paint
 */
function seedRows(profile, services, paint) {
  if (!HAS_AUTH) return [];
  const setting = profile.name === 'demo' ? 'SEED_DEMO' : 'SEED_CONFORMANCE';
  const isSeeded = services.some(({ env }) => env[setting] === 'true');
  if (isSeeded) return credentialRows(profile, paint);
  const text = 'This database has accounts or clients of its own, so no demo data was written.';
  return [[], [`  ${text}`], [`  To write it: ${setting}=true npm start`]];
}

/** @param {Profile} profile @param {import('../terminal/output.mjs').Paint} paint */
function credentialRows({ credentials: file }, paint) {
  const credentials = credentialsIn(file);
  if (!credentials) return [];
  const known = Object.entries(OWNERS).filter(([name]) => credentials[name]);
  return [
    [],
    [paint('bold', 'For trying things, in development only')],
    ...known.map(([name, [kind, owner]]) => {
      return [`  ${kind.padEnd(9)}`, (credentials[owner] ?? owner).padEnd(30), credentials[name]];
    }),
  ];
}

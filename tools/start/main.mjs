/**
 * `npm start`, `npm run dev`: the apps in one terminal. This is our own code and not concurrently with wait-on, because
 * Ctrl-C must stop each app once, an app that exits must be reported with its last lines, and only changed apps restart.
 */
import { defineCommand } from '../terminal/command.mjs';
import { withProgress } from '../terminal/output.mjs';
import { appOf, build, trimmed } from '../workspace.mjs';
import { announce } from './announcement.mjs';
import { startControl } from './control-actions.mjs';
import { describeDatabase, mayBeSeeded } from './database.mjs';
import { logPrinter } from './log-output.mjs';
import { rejectIfOneExits, ServiceProcess, untilReady } from './service-process.mjs';
import {
  environmentOf,
  portsOf,
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
  await requireFreePorts(Object.fromEntries(profile.services.map((name) => [name, ports[name]])));
  /** @type {ServiceProcess[]} */
  let services = [];
  /** @type {Awaited<ReturnType<typeof startControl>>} */
  let control;
  const { signal, dispose } = listenForStop(() => services.forEach((service) => service.kill()));
  // With --json, standard output has the log lines of the apps and nothing else.
  const stream = options.json ? process.stderr : process.stdout;
  try {
    if (!options['no-build']) {
      const line = { stream, doing: 'Building', done: 'Built' };
      await withProgress(line, () => build([...new Set(profile.services.map(appOf))], signal));
    }
    services = await createServices({ ports, env, profile }, logPrinter(options));
    control = await startControl(services, stream);
    services.forEach((service) => service.start());
    await rejectIfOneExits(services, untilReady(services, { stream, signal }));
    announce({ services, stream, profile, database: describeDatabase(env) });
    if (options.watch) await restartOnChange(services, { stream, signal });
    else await rejectIfOneExits(services, untilAborted(signal));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    control?.close();
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
    stack.profile.services.map(async (name) => {
      return new ServiceProcess({ name, env: await environmentOf(name, stack), show });
    }),
  );

/**
 * Without seed settings for a database that has other data, unless the caller gives them.
 *
 * @param {import('./settings.mjs').Profile} profile
 * @param {import('../workspace.mjs').Environment} env
 * @returns {Promise<import('./settings.mjs').Profile>}
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

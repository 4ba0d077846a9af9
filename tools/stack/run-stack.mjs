import { withProgress } from '../terminal/progress.mjs';
import { portsOf, requireFreePorts } from './addresses.mjs';
import { announce } from './announcement.mjs';
import { build } from './build.mjs';
import { unlessOneDies } from './death.mjs';
import { environmentOf, refuseProduction } from './environment.mjs';
import { linePrinter } from './line-printer.mjs';
import { profileOf } from './profiles.mjs';
import { untilReady } from './readiness.mjs';
import { restartOnChange } from './restart-on-change.mjs';
import { ServiceProcess } from './service-process.mjs';
import { stopSignals } from './stop-signals.mjs';

/**
 * Builds and starts the apps, and stays with them until one dies or somebody stops them.
 *
 * @param {{ watch: boolean, json: boolean, 'no-build': boolean, profile: string }} options
 * @throws {Failure} that says what went wrong
 */
export async function runStack(options, env) {
  refuseProduction(env);
  const profile = profileOf(options, env);
  const ports = portsOf(env);
  await requireFreePorts(Object.fromEntries(profile.apps.map((app) => [app, ports[app]])));
  const show = linePrinter(options);
  const services = profile.apps.map((name) => {
    return new ServiceProcess({ name, env: environmentOf(name, { ports, env, profile }), show });
  });
  const { signal, forget } = stopSignals(() => services.forEach((service) => service.kill()));
  // With --json standard output is for the apps' lines alone.
  const stream = options.json ? process.stderr : process.stdout;
  try {
    if (!options['no-build']) await buildAll(profile.apps, { stream, signal });
    services.forEach((service) => service.start());
    await unlessOneDies(services, untilReady(services, { stream, signal }));
    announce({ services, stream, profile });
    if (options.watch) await restartOnChange(services, { stream, signal });
    else await unlessOneDies(services, untilAborted(signal));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await stop(services, stream);
    forget();
  }
}

function buildAll(apps, { stream, signal }) {
  return withProgress({ stream, doing: 'Building', done: 'Built' }, () => build(apps, signal));
}

async function stop(services, stream) {
  const started = services.filter((service) => service.isStarted);
  if (started.length === 0) return;
  stream.write('Stopping … (Ctrl-C again kills)\n');
  await Promise.all(started.map((service) => service.stop()));
  stream.write('Stopped.\n');
}

function untilAborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

import { APPS } from '../workspace.mjs';
import { build } from './build.mjs';
import { unlessOneDies } from './death.mjs';
import { untilReady } from './readiness.mjs';
import { sourceChanges } from './source-changes.mjs';

/** Builds again and restarts the apps whose sources changed; a library's change restarts all. Ends with the signal. */
export async function restartOnChange(services, { stream, signal }) {
  stream.write('Watching apps/*/src and libs/*/src.\n');
  tellDeaths(services, stream);
  for await (const projects of sourceChanges(signal)) {
    const names = affected(projects);
    const hit = services.filter(({ name }) => names.includes(name));
    stream.write(
      `${[...projects].join(', ')} changed: building, restarting ${names.join(', ')}.\n`,
    );
    try {
      await build(names, signal);
      await restart(hit, { stream, signal });
    } catch (error) {
      // A mistake in a source is what development is made of: say it, and wait for the next change.
      if (!signal.aborted) stream.write(`${error.message}\n`);
    }
  }
}

function affected(projects) {
  const changed = APPS.filter((app) => projects.has(app));
  return changed.length === projects.size ? changed : APPS;
}

async function restart(services, { stream, signal }) {
  await Promise.all(services.map((service) => service.stop()));
  // Told to stop meanwhile: nothing may be started that nobody would stop.
  if (signal.aborted) return;
  services.forEach((service) => service.start());
  await unlessOneDies(services, untilReady(services, { stream, signal }));
  tellDeaths(services, stream);
}

function tellDeaths(services, stream) {
  for (const service of services) {
    void service.diedByItself().then(({ how }) => {
      stream.write(`${service.name} ended by itself (${how}); its next change starts it again.\n`);
    });
  }
}

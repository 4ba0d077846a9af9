/**
 * `npm run smoke`: a short walk against the stack that `npm start` runs, for any set of services. It starts nothing.
 * The exit code is 1 when a step fails.
 */
import { defineCommand } from '../terminal/command.mjs';
import { urlsOf } from '../start/settings.mjs';
import { HAS_AUTH, RESOURCE_SERVERS } from '../workspace.mjs';
import { Narrator } from './narrator.mjs';
import { readServices } from './services.mjs';
import { healthSteps, refusalSteps } from './service-steps.mjs';
import { SmokeWalk, userSteps } from './user-steps.mjs';
import { runSteps } from './walk.mjs';

export const command = defineCommand({
  usage: `Usage: npm run smoke   checks the stack that npm start runs

AUTH_URL, and the same with the name of another app, is the address of an app that does not run on this machine.`,
  options: {},
  run: () => runSmoke(process.env),
});

/** @param {import('../workspace.mjs').Environment} env */
async function runSmoke(env) {
  const urls = urlsOf(env);
  const services = await readServices(
    RESOURCE_SERVERS.map((name) => ({ name, url: urls[name] })),
    HAS_AUTH ? urls.auth : undefined,
  );
  const walk = new SmokeWalk(new Narrator(process.stdout), urls.auth);
  await runSteps(walk, [
    ...healthSteps(urls),
    ...(HAS_AUTH ? userSteps(services) : []),
    ...services.flatMap((service) => refusalSteps(service)),
  ]);
}

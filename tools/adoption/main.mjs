/**
 * `node tools/run.mjs adoption`: moves two fresh Nest services of the usual shapes from passport-jwt to the guards, as their
 * developers would. Their own tests must pass after each step. Prints commands, edited lines and times.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateApplication, makeWorkshop } from '../take-home/projects.mjs';
import { defineCommand, Failure } from '../terminal/command.mjs';
import { secondsSince } from '../terminal/output.mjs';
import { run } from '../terminal/processes.mjs';
import { FreshService } from './fresh-service.mjs';
import { FIRST_ROUTE, MIGRATION, SERVICES } from './services.mjs';

/** @typedef {import('./services.mjs').ServiceDescription} ServiceDescription */

export const command = defineCommand({
  usage: `Usage: node tools/run.mjs adoption [--keep]   moves two fresh services to the guards and tests them after each step

  --keep   does not delete the services`,
  options: { keep: { type: 'boolean', default: false } },
  run: ({ keep }) => tryAdoption(keep ?? false),
});

/** @param {boolean} keep @throws {Failure} with the services that failed */
async function tryAdoption(keep) {
  if (!(await hasRegistry())) return print('SKIPPED: no package registry answers here.');
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-adoption-'));
  try {
    const outcomes = await Promise.all(SERVICES.map((service) => tryAndReport(service, folder)));
    const failed = outcomes.flatMap((title) => title ?? []);
    if (failed.length > 0) throw new Failure(`These services failed:\n  ${failed.join('\n  ')}`);
  } finally {
    if (keep) print(`the services are in ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`adoption: ${text}\n`);
}

function hasRegistry() {
  const options = ['--fetch-retries=0', '--fetch-timeout=20000'];
  return run('npm view', ['npm', 'view', '@nestjs/core', 'version', ...options], {}).then(
    () => true,
    () => false,
  );
}

/**
 * @param {ServiceDescription} description
 * @param {string} parent
 * @returns {Promise<string | undefined>} its title when it failed
 */
async function tryAndReport(description, parent) {
  const start = performance.now();
  const workshop = join(parent, `nest-${description.nest}`);
  const service = new FreshService(join(workshop, 'orders'));
  /** @type {Failure | undefined} */
  let failure;
  try {
    await makeWorkshop(workshop, description.nest);
    await generateApplication(workshop, { name: 'orders', options: description.options });
    await tryService(service, description);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failure = error;
  }
  print(`${description.title} (${secondsSince(start, 0)} s)`);
  for (const line of service.log) print(line);
  if (failure) print(`FAIL ${failure.message}`);
  return failure && description.title;
}

/** @param {FreshService} service @param {ServiceDescription} description */
async function tryService(service, description) {
  const { packages, testPackages, templates, corpus } = description;
  const sources = join(import.meta.dirname, templates);
  await service.initialize();
  await takeStep(service, FIRST_ROUTE, sources);
  await service.reset();
  service.title('The service before: passport-jwt, with its own tests');
  await service.useTemplates(sources);
  await service.install(packages);
  await service.install(testPackages, '--save-dev ');
  await service.commit();
  await service.diagnose();
  await service.lint();
  await service.command('npm run build');
  await service.test();
  const { cases, vulnerable, wrong } = await service.sendCorpus(corpus, false);
  const faults = `${vulnerable.length} of ${cases} requests find a vulnerability`;
  service.print(`hostile corpus: ${faults}, ${wrong.length} answers deviate from the standards`);
  for (const step of MIGRATION) {
    await takeStep(service, step, sources);
    await requireCorpus(service, corpus, step.hasScopes ?? false);
  }
  await service.lint();
  await service.diagnose();
}

/** @param {FreshService} service @param {import('./services.mjs').Step} step @param {string} sources */
async function takeStep(service, { title, copy, patch, afterwards }, sources) {
  const start = performance.now();
  service.title(title);
  if (copy) await service.copyGuards(copy);
  await service.edit(join(sources, patch));
  if (afterwards) await service.command(afterwards);
  await service.command('npm run build');
  await service.test();
  service.print(`${secondsSince(start, 0)} s of commands`);
}

/** @param {FreshService} service @param {ServiceDescription['corpus']} target @param {boolean} hasScopes */
async function requireCorpus(service, target, hasScopes) {
  const { cases, wrong } = await service.sendCorpus(target, hasScopes);
  const list = wrong.join('\n  ');
  if (wrong.length > 0) throw new Failure(`${wrong.length} of ${cases} answers:\n  ${list}`);
  service.print(`hostile corpus: all ${cases} answers are as expected`);
}
